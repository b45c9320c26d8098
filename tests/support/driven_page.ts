import { until } from "./until.ts";

/** How one browser does what a test asks of its page. */
export interface Driver {
  /** Evaluates JavaScript in the page, and waits for a promise; what it gives comes through JSON. */
  evaluate(expression: string): Promise<unknown>;
  goto(url: string): Promise<void>;
  /** Goes one step back in the history. */
  back(): Promise<void>;
  /** Loads the page again. */
  reload(): Promise<void>;
  /** Gives files of this computer to an `<input type=file>`. */
  setFiles(selector: string, paths: string[]): Promise<void>;
  /** Clicks with the mouse on the element that an expression gives. */
  click(expression: string): Promise<void>;
  /** Presses keys, one after the other, as a person does; {@linkcode KEYS} has those without a letter. */
  press(keys: readonly string[]): Promise<void>;
  /** Makes the window this wide, and 720 pixels high. */
  resize(width: number): Promise<void>;
  /** Gives what the window shows, as PNG in base64. */
  screenshot(): Promise<string>;
  close(): Promise<void>;
}

/** The keys without a letter, as WebDriver writes them; one that is held down is held for the key behind it. */
export const KEYS = { enter: "\ue007", control: "\ue009" } as const;

/** What the row of a file shows. */
export interface ShownRow {
  state: string;
  text: string;
}

/** Pawl's page in a browser that is driven by the plain protocols of the W3C. */
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
      await page.until(IS_READY);
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

  /** Leaves the page and comes back; returns when it takes files. */
  async reload(): Promise<void> {
    await this.#driver.reload();
    await this.until(IS_READY);
  }

  /** Chooses files, in another field if one is named. */
  async choose(paths: string | readonly string[], field = "#files"): Promise<void> {
    await this.#driver.setFiles(field, [paths].flat());
  }

  /** Types into the element that has the focus; then presses Enter. */
  async type(text: string): Promise<void> {
    await this.#driver.press([...text, KEYS.enter]);
  }

  /** Presses keys together. */
  async pressKeys(...keys: string[]): Promise<void> {
    await this.#driver.press(keys);
  }

  /** Makes the window this wide, or as narrow as the browser makes it, and 720 pixels high. */
  async resize(width: number): Promise<void> {
    await this.#driver.resize(width);
  }

  /** Gives what the window shows, as PNG in base64. */
  async screenshot(): Promise<string> {
    return await this.#driver.screenshot();
  }

  /** Evaluates JavaScript in the page, and waits for a promise; what it gives comes through JSON. */
  async evaluate(expression: string): Promise<unknown> {
    return await this.#driver.evaluate(expression);
  }

  /** Presses the button with this name as a script does: no browser opens a dialog for files then. */
  async press(name: string): Promise<void> {
    const button = await this.#button(name);
    await this.#driver.evaluate(`${button}.click()`);
  }

  /** Clicks on the button with this name. */
  async click(name: string): Promise<void> {
    const button = await this.#button(name);
    await this.#driver.evaluate(`${button}.scrollIntoView({ block: "center" })`);
    await this.#driver.click(button);
  }

  async #button(name: string): Promise<string> {
    const button = `[...document.querySelectorAll("button")].find(
      (button) => (button.ariaLabel ?? button.textContent) === ${
      JSON.stringify(name)
    } && button.offsetParent !== null)`;
    await this.until(`${button} !== undefined`);
    return button;
  }

  /** Waits until the only upload is in one of these states; gives what its row shows. */
  async reached(...states: string[]): Promise<ShownRow> {
    await this.until(`${JSON.stringify(states)}.includes(${ROW}.state)`);
    return await this.#driver.evaluate(ROW) as ShownRow;
  }

  /** Waits until the upload of that name is in one of these states; gives what its row shows. */
  async rowReached(name: string, ...states: string[]): Promise<ShownRow> {
    const row = `(${ROWS}).find(({ name }) => name === ${JSON.stringify(name)})`;
    await this.until(`${JSON.stringify(states)}.includes(${row}?.state)`);
    return await this.#driver.evaluate(row) as ShownRow;
  }

  /** Waits until this part of the file is safe on the server, from 0 to 1. */
  async safeAtLeast(part: number): Promise<void> {
    const safe = `document.querySelector("#list .safe-bar")?.style.getPropertyValue("--safe") ?? 0`;
    await this.until(`Number(${safe}) >= ${part}`);
  }

  /** Waits until a condition holds in the page. */
  async until(condition: string): Promise<void> {
    await until(async () => await this.#driver.evaluate(condition) === true, condition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.close();
  }
}

/** The actions of WebDriver for keys: a key goes up again before the next one, except Control. */
export function keyActions(keys: readonly string[]): { type: "keyDown" | "keyUp"; value: string }[] {
  const held = keys.filter((key) => key === KEYS.control);
  const pressed = keys.flatMap((value) => {
    const down = { type: "keyDown", value } as const;
    return value === KEYS.control ? [down] : [down, { type: "keyUp", value } as const];
  });
  return [...pressed, ...held.map((value) => ({ type: "keyUp", value } as const))];
}

const IS_READY = "document.documentElement?.dataset.ready !== undefined";

const ROWS = `[...document.querySelectorAll("#list > li")].map((row) => ({
  name: row.querySelector(".name").textContent,
  state: row.dataset.state ?? "",
  text: row.querySelector(".state").textContent,
}))`;

const ROW = `((${ROWS})[0] ?? { state: "", text: "" })`;
