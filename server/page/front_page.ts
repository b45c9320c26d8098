import { Encoded } from "./encoded.ts";
import { joinedStyle, preferredLanguage, quickPage, scriptOf, styleSheetsOf } from "./index_html.ts";
import { Latest } from "./latest.ts";
import type { PageFiles } from "./page_files.ts";
import { isFromOtherSite, type PageVisitor, visitorText } from "./page_visitor.ts";
import { plainParts } from "./plain_form.ts";
import { documentHeaders, type InlineParts } from "./policy.ts";

/** The facts about a request for the page that its path and headers do not tell. */
export interface PageSetting {
  /** The way from the address at which a browser sees the page to the top of the server. By default `./`. */
  readonly top?: string;
  /**
   * Tells the visitor, whom the page then need not ask for. Called for the page alone, and not for its files. By default
   * the page asks.
   */
  readonly visitor?: () => Promise<PageVisitor | undefined>;
}

/** The view of the page that a browser gets. All that get the same one share it. */
interface View {
  /** The language whose words come with the page. */
  readonly language: string | undefined;
  readonly top: string;
  /** The visitor as text; empty when the page asks for it. */
  readonly visitor: string;
}

/** The dependencies of {@linkcode createFrontPage}. */
export interface FrontPageDeps {
  readonly files: PageFiles;
  /** Links a script with all that it imports. The words of the language are linked into it, if there are any. */
  readonly linked: (name: string, language: string | undefined) => Promise<string>;
}

/** The file that the page is made of. */
export const INDEX = "static/index.html";

/** The way from the page to the top of the server. The pages of upload links lie below it. */
const TOP = "./";

/** The language of the page where the browser asks for none that the page has. */
const USUAL_LANGUAGE = "en";

/** How many views are kept. Each has about 100 kB. */
const MOST_VIEWS = 60;

/** No cache that several people use may keep a page in which a visitor is written. */
const ALONE = { "cache-control": "private, no-cache" };

/** All style sheets of the page in one. */
export function styleOf(files: PageFiles): string {
  return joinedStyle(styleSheetsOf(files.text(INDEX)).map((sheet) => files.text(`static/${sheet}`)));
}

/** Makes the function that gives the page for a request with these headers. */
export function createFrontPage(
  { files, linked }: FrontPageDeps,
): (headers: Headers, setting: PageSetting) => Promise<Encoded> {
  const views = new Latest<Promise<Encoded>>(MOST_VIEWS);
  const parts = new Map<string | undefined, Promise<InlineParts>>();

  const isSpoken = (language: string) => files.has(`client/languages/${language}.ts`);

  async function viewFor(headers: Headers, { top = TOP, visitor: tell }: PageSetting): Promise<View> {
    const language = [preferredLanguage(headers.get("accept-language"), isSpoken), USUAL_LANGUAGE]
      .find((tag) => tag !== undefined && isSpoken(tag));
    const visitor = await tell?.();
    // Somebody may have signed in whose cookie did not come along.
    const isKnown = visitor !== undefined && !(visitor.kind === "nobody" && isFromOtherSite(headers));
    return { language, top, visitor: isKnown ? visitorText(visitor) : "" };
  }

  /** The parts that stand in the text of the page. Linking takes a while, and they differ by the language alone. */
  function partsFor(language: string | undefined): Promise<InlineParts> {
    const made = parts.get(language) ?? makeParts(language);
    parts.set(language, made);
    return made;
  }

  async function makeParts(language: string | undefined): Promise<InlineParts> {
    const entry = scriptOf(files.text(INDEX));
    return { style: styleOf(files), script: entry === undefined ? "" : await linked(entry, language) };
  }

  async function render({ language, top, visitor }: View): Promise<Encoded> {
    const inline = await partsFor(language);
    const plain = plainParts({ language, top, isOfLink: top !== TOP });
    const html = quickPage(files.text(INDEX), { ...inline, hash: files.hash, top, visitor, plain });
    return new Encoded(new TextEncoder().encode(html), {
      vary: `Accept-Encoding, Accept-Language${visitor === "" ? "" : ", Cookie"}`,
      ...visitor !== "" && ALONE,
      ...await documentHeaders(inline),
    });
  }

  return async (headers, setting) => {
    const view = await viewFor(headers, setting);
    return await views.get(`${view.top} ${view.language} ${view.visitor}`, () => render(view));
  };
}
