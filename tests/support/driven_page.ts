import { until } from "./until.ts";

/** How one browser does what a test asks of its page. */
export interface Driver {
  /** Evaluates JavaScript in the page, and waits for a promise; what it gives comes through JSON. */
  evaluate(expression: string): Promise<unknown>;
  goto(url: string): Promise<void>;
  /** Goes one step back in the history. */
  back(): Promise<void>;
  /** Gives files of this computer to an `<input type=file>`. */
  setFiles(selector: string, paths: string[]): Promise<void>;
  close(): Promise<void>;
}

/** What the row of a file shows. */
export interface ShownRow {
  state: string;
  text: string;
}

/** Pawl's page, with one upload, in a browser that is driven by the plain protocols of the W3C. */
export class DrivenPage implements AsyncDisposable {
  readonly #driver: Driver;

  private constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Opens Pawl's page, and waits until it takes files; it ends with the scope, or at once when that fails. */
  static async open(driver: Driver, url: string): Promise<DrivenPage> {
    const page = new DrivenPage(driver);
    try {
      await page.goto(url);
      await page.#until("document.documentElement.dataset.ready !== undefined");
      return page;
    } catch (error) {
      await driver.close();
      throw error;
    }
  }

  goto(url: string): Promise<void> {
    return this.#driver.goto(url);
  }

  back(): Promise<void> {
    return this.#driver.back();
  }

  /** Chooses one file. */
  async choose(path: string): Promise<void> {
    await this.#driver.setFiles("#files", [path]);
  }

  /** Presses the button with this name. */
  async press(name: string): Promise<void> {
    const button = `[...document.querySelectorAll("button")].find(
      (button) => (button.ariaLabel ?? button.textContent) === ${JSON.stringify(name)})`;
    await this.#until(`${button} !== undefined`);
    await this.#driver.evaluate(`${button}.click()`);
  }

  /** Waits until the upload is in one of these states; gives what its row shows. */
  async reached(...states: string[]): Promise<ShownRow> {
    await this.#until(`${JSON.stringify(states)}.includes(${ROW}.state)`);
    return await this.#driver.evaluate(ROW) as ShownRow;
  }

  /** Waits until this part of the file is safe on the server, from 0 to 1. */
  async safeAtLeast(part: number): Promise<void> {
    const safe = `document.querySelector("#list .safe-bar")?.style.getPropertyValue("--safe") ?? 0`;
    await this.#until(`Number(${safe}) >= ${part}`);
  }

  async #until(condition: string): Promise<void> {
    await until(async () => await this.#driver.evaluate(condition) === true, condition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.close();
  }
}

const ROW = `(() => {
  const row = document.querySelector("#list > li");
  return { state: row?.dataset.state ?? "", text: row?.querySelector(".state")?.textContent ?? "" };
})()`;
