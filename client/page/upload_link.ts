import { type RequestHeaders, type Room, UploadStore } from "../mod.ts";
import { find, set, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { onServer } from "./server.ts";
import type { Visitor } from "./session.ts";
import { joined, nameText } from "./texts.ts";

/** The visitor of an upload link: it sends, and gets no file, its own ones too. */
export const LINK_VISITOR: Visitor = { kind: "link", name: "", rights: ["upload"] };

/** The facts about a link that the server tells (docs/api.md), as far as the page shows them. */
interface About {
  owner: string;
  note?: string;
}

/** A file that came by the link. */
interface Sent {
  path: string;
  state: "finished" | "unfinished";
  length?: number;
}

/**
 * The upload link in the page's address. Its secret goes with each request as a password, and a random name of this
 * browser tells its visitors apart. A cookie would go with the requests of all other pages of the server too, and two
 * links in two tabs would have one.
 */
export class UploadLink {
  /** The uploads that this browser has begun by the link: those of other pages are not shown here. */
  readonly store: UploadStore;
  readonly headers: () => Promise<RequestHeaders>;
  /** The same headers, as soon as they are known. */
  headersNow: RequestHeaders | undefined;
  #about: About | "over" | undefined;
  #sent: readonly Sent[] = [];
  #room: Room = {};

  constructor(secret: string) {
    // A few letters tell links apart, and give nobody the link who sees the browser's databases.
    this.store = new UploadStore({ name: `pawl-link-${secret.slice(-8)}` });
    const headers = visitorIn(this.store).then((visitor) =>
      this.headersNow = { Authorization: `Basic ${btoa(`${visitor}:${secret}`)}` }
    );
    this.headers = () => headers;
  }

  /** The link in an address; `undefined` on every other page. */
  static in({ pathname }: Pick<Location, "pathname">): UploadLink | undefined {
    const secret = /\/u\/(pawl_[\w-]{43})$/.exec(pathname)?.[1];
    return secret === undefined ? undefined : new UploadLink(secret);
  }

  /** Shows whose the link is, what for, and what was sent by it from this browser. */
  async show(language: Language): Promise<void> {
    const headers = await this.headers();
    const ask = async (path: string): Promise<Response | undefined> =>
      await fetch(path, { headers }).catch(() => undefined);
    const [about, sent] = await Promise.all([ask(onServer("/api/link")), ask(onServer("/api/link/uploads?limit=500"))]);
    if (about?.status === 401) this.#about = "over";
    if (about?.ok) this.#about = await about.json();
    if (sent?.ok) this.#sent = (await sent.json()).uploads;
    this.redraw(language);
  }

  /** Shows how much the link still takes. */
  tell(room: Room, language: Language): void {
    this.#room = room;
    this.redraw(language);
  }

  /** Shows that the link is over, as the server has said to an upload. Rejects, so that the upload ends. */
  async end(language: Language): Promise<never> {
    await this.show(language);
    throw new Error("The link does not work any more");
  }

  /** Writes the texts again after a change of language. */
  redraw({ messages, words }: Language): void {
    const about = this.#about;
    if (about === undefined) return;
    set(find("link", HTMLElement), { hidden: false });
    write(
      find("link-heading", HTMLElement),
      about === "over" ? messages.linkOver : messages.linkFrom(nameText(about.owner)),
    );
    write(find("link-note", HTMLElement), about === "over" ? "" : about.note ?? "");
    const { files, bytes } = about === "over" ? {} : this.#room;
    const left = joined([
      files === undefined ? "" : messages.linkFilesLeft(files),
      bytes === undefined ? "" : messages.linkRoomLeft(words.bytes(bytes)),
    ]);
    write(find("link-left", HTMLElement), files === 0 || bytes === 0 ? messages.linkFull : left);
    const finished = this.#sent.filter(({ state }) => state === "finished");
    set(find("link-sent", HTMLElement), { hidden: finished.length === 0 });
    find("link-list", HTMLElement).replaceChildren(...finished.map(({ path, length = 0 }) => {
      const item = document.createElement("li");
      item.textContent = `${nameText(path)} ${words.bytes(length)}`;
      return item;
    }));
  }
}

/** The random name of this browser: 128 bits in base64url. A browser that keeps nothing has another one on each page. */
async function visitorIn(store: UploadStore): Promise<string> {
  const kept = await store.secret();
  const bytes = kept === ""
    ? [...crypto.getRandomValues(new Uint8Array(16))]
    : Array.from(kept.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
}
