import { find, isFocusLost, set, write } from "./elements.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import {
  isSame,
  may,
  signIn,
  type SignInProblem,
  signOut,
  takeToken,
  UNKNOWN,
  type Visitor,
  visitorInPage,
  whoAmI,
} from "./session.ts";
import { SignInForm } from "./sign_in_form.ts";

/** How long a page in which no visitor is written waits for the server to name one, before it shows itself. */
const PATIENCE_MS = 1000;

/** The way in which a visitor has come to the page. */
export interface Arrival {
  visitor: Visitor;
  /** True when it is not the server that says who the visitor is. */
  isGuess?: boolean;
  /** The reason why the link by which the visitor came signs nobody in. */
  problem?: SignInProblem;
}

/** The ways to learn who the visitor is, the quick one first. */
export interface Arriving {
  /** The visitor that is written in the page. */
  inPage: Visitor | undefined;
  /** The visitor that the server names: a page may come from the cache of a browser that goes back. */
  told: Promise<Arrival>;
}

/**
 * Signs the visitor in by the link that led to the page, or else asks the server who the visitor is. The token of the
 * link leaves the address at once.
 */
export function arrive(): Arriving {
  const token = takeToken();
  return token === undefined
    ? { inPage: visitorInPage(), told: arriveAs() }
    : { inPage: undefined, told: arriveBy(token) };
}

async function arriveBy(token: string): Promise<Arrival> {
  const result = await signIn(token);
  return typeof result === "string" ? { ...await arriveAs(), problem: result } : { visitor: result };
}

async function arriveAs(): Promise<Arrival> {
  const visitor = await whoAmI().catch(() => undefined);
  return visitor === undefined ? { visitor: UNKNOWN, isGuess: true } : { visitor };
}

/** The things that {@linkcode Access} needs. */
export interface AccessSetting {
  language: Language;
  notices: Notices;
  /** Called with each visitor whose rights the page has now. */
  onVisitor: (visitor: Visitor) => void;
  /** Called when uploads wait for a sign-in. */
  onAsk: () => void;
}

/** The visitor of the page, the form for a sign-in, and the parts of the page that need a right. */
export class Access {
  readonly #setting: AccessSetting;
  readonly #form: SignInForm;
  readonly #intake = find("intake", HTMLElement);
  readonly #readOnly = find("read-only", HTMLElement);
  readonly #signedIn = find("signed-in", HTMLElement);
  readonly #name = find("visitor", HTMLElement);
  #asked = Promise.withResolvers<void>();
  #visitor: Visitor | undefined;

  constructor(setting: AccessSetting) {
    this.#setting = setting;
    this.#form = new SignInForm(setting.language, (token) => this.#signIn(token));
    find("sign-out", HTMLButtonElement).addEventListener("click", () => this.#signOut());
    // Somebody may open a link in the tab of this page, or sign in in another tab.
    addEventListener("hashchange", async () => {
      const token = takeToken();
      if (token !== undefined) this.#arrived(await arriveBy(token));
    });
    document.addEventListener("visibilitychange", async () => {
      if (document.visibilityState !== "visible" || !this.#form.isShown) return;
      const visitor = await whoAmI().catch(() => undefined);
      if (visitor !== undefined && visitor.kind !== "nobody") this.#become(visitor);
    });
  }

  /**
   * Shows what the visitor may use: at once what the page says of the visitor, and then what the server says. A page that
   * says nothing waits a second for that.
   */
  async begin({ inPage, told }: Arriving): Promise<void> {
    if (inPage !== undefined) this.#become(inPage);
    const arrived = told.then((arrival) => {
      // Somebody may have signed in before this answer came.
      if (this.#visitor === inPage) this.#arrived(arrival);
    });
    if (inPage !== undefined) return;
    let timer = 0;
    await Promise.race([arrived, new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE_MS))]);
    clearTimeout(timer);
  }

  /**
   * Asks for a sign-in, because the server has refused a request. Resolves when there has been one, also in another tab.
   * Rejects when something before the server signs people in, which a page cannot do.
   */
  async ask(): Promise<void> {
    let visitor: Visitor | undefined;
    try {
      visitor = await whoAmI();
    } catch {
      // The next try shows that the server cannot be reached.
      return;
    }
    if (visitor === undefined) throw new Error("Something before the server wants a sign-in");
    if (visitor.kind !== "nobody") return this.#become(visitor);
    this.#asked = Promise.withResolvers();
    this.#form.show({ isAgain: true });
    this.#setting.onAsk();
    await this.#asked.promise;
  }

  /** Moves the focus to the form, if it is shown and nothing else has the focus. A hidden page takes no focus. */
  focus(): void {
    this.#form.focus();
  }

  /** Writes the texts anew, after a change of language. */
  redraw(): void {
    this.#form.redraw();
  }

  #arrived({ visitor, problem, isGuess = false }: Arrival): void {
    const { language, notices } = this.#setting;
    if (this.#visitor === undefined || (!isGuess && !isSame(this.#visitor, visitor))) this.#become(visitor);
    else if (!isGuess) this.#call(visitor);
    if (problem === undefined) return;
    if (visitor.kind === "nobody") this.#form.show({ isAgain: false, problem });
    else notices.complain(language.messages[problem]);
  }

  /** Notes and shows the name of a visitor of whom all else is shown already. */
  #call(visitor: Visitor): void {
    this.#visitor = visitor;
    write(this.#name, visitor.name);
  }

  #become(visitor: Visitor): void {
    this.#call(visitor);
    const isNobody = visitor.kind === "nobody";
    set(this.#intake, { hidden: !may(visitor, "upload") });
    set(this.#readOnly, { hidden: isNobody || may(visitor, "upload") });
    set(this.#signedIn, { hidden: visitor.kind !== "session" });
    if (isNobody) {
      this.#form.show({ isAgain: false });
    } else {
      this.#form.hide();
      this.#asked.resolve();
    }
    this.#setting.onVisitor(visitor);
  }

  async #signIn(token: string): Promise<SignInProblem | undefined> {
    const result = await signIn(token);
    if (typeof result === "string") return result;
    this.#become(result);
    if (isFocusLost()) find(may(result, "upload") ? "choose-files" : "sign-out", HTMLButtonElement).focus();
    return undefined;
  }

  async #signOut(): Promise<void> {
    const { language, notices } = this.#setting;
    // A page that was loaded anew shows nothing of what the visitor did.
    if (await signOut()) location.reload();
    else notices.complain(language.messages.unreachable);
  }
}
