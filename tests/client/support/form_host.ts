import { ServerLimits, type Transport, type TransportAnswer, type TransportRequest } from "../../../client/mod.ts";
import { FakeHost } from "./fake_host.ts";
import type { FakeServerOptions } from "./fake_server.ts";

/** What happens to one form; without any of it, each of its files is finished. */
export interface FormFault {
  /** The server, or somebody before it, answers this status and takes nothing. */
  status?: number;
  /** The connection breaks when so many lines have come. */
  breakAfterLines?: number;
  /** The connection breaks when everything is stored, and before the first line. */
  loseAnswer?: true;
  /** The files with these names are refused. */
  refused?: readonly string[];
  /** The server stops after so many lines, and says so in its last one. */
  stopAfterLines?: number;
  /** Something before the server answers this text with a status of success. */
  text?: string;
}

/** A part as the server saw it. */
export interface SeenPart {
  id: string;
  name: string;
  headers: Headers;
  text: string;
}

/** A server that takes forms, and single files as a {@linkcode FakeHost} does. */
export class FormHost {
  readonly single: FakeHost;
  readonly forms: SeenPart[][] = [];
  readonly deleted: string[] = [];
  /** Where the file of each id is. */
  readonly placed = new Map<string, string>();
  readonly faults: (FormFault | undefined)[] = [];
  /** How the next requests to delete a placed file are answered: by a status, or by a connection that breaks. */
  readonly deleteFaults: (number | "broken")[] = [];
  /** Forms wait for this before they are answered. */
  gate: Promise<void> = Promise.resolve();

  /** `optionsOf` are those of the servers of single files, by their names. */
  constructor(optionsOf?: (name: string) => FakeServerOptions) {
    this.single = new FakeHost(optionsOf);
  }

  readonly transport: Transport = async (request) => {
    const { method, url, headers } = request;
    if (headers["Content-Type"]?.startsWith("multipart/form-data")) return await this.#take(request);
    if (method === "DELETE" && url.startsWith("/files/placed-")) {
      const fault = this.deleteFaults.shift();
      if (fault === "broken") throw new TypeError("The network broke");
      if (fault === undefined) this.deleted.push(url);
      return { status: fault ?? 204, headers: new Headers(), text: "" };
    }
    return await this.single.transport(request);
  };

  /** The limits of this server, as it tells them. */
  async limits(batch = { maxFiles: 1000, maxFileSize: 2 ** 20 }): Promise<ServerLimits> {
    const text = JSON.stringify({ batch });
    const limits = new ServerLimits({
      transport: () => Promise.resolve({ status: 200, headers: new Headers(), text }),
    });
    await limits.read();
    return limits;
  }

  async #take({ headers, body, onSent, onText, signal }: TransportRequest): Promise<TransportAnswer> {
    const fault = this.faults.shift() ?? {};
    const parts = partsOf(await body!.text(), headers["Content-Type"]!.split("boundary=")[1]!);
    this.forms.push(parts);
    onSent?.(body!.size);
    await Promise.race([this.gate, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    signal.throwIfAborted();
    if (fault.status !== undefined) return { status: fault.status, headers: new Headers(), text: "" };
    if (fault.text !== undefined) return { status: 200, headers: new Headers(), text: fault.text };
    let text = "";
    for (const [part, { id, name }] of parts.entries()) {
      if (part === fault.breakAfterLines) throw new TypeError("The network broke");
      if (part === fault.stopAfterLines) {
        return {
          status: 200,
          headers: new Headers(),
          text: `${text}{"status":503,"error":"shutdown","parts":${part}}\n`,
        };
      }
      const isRefused = fault.refused?.includes(name);
      const isAgain = this.placed.has(id);
      if (!isRefused && !isAgain) this.placed.set(id, `/files/placed-${name}`);
      const line = isRefused
        ? { part, status: 507, error: "disk-full" }
        : { part, status: 200, id, complete: true, ...isAgain && { again: true }, location: this.placed.get(id) };
      text += `${JSON.stringify(line)}\n`;
      if (!fault.loseAnswer) onText?.(text);
    }
    if (fault.loseAnswer) throw new TypeError("The network broke");
    return {
      status: 200,
      headers: new Headers(),
      text: `${text}${JSON.stringify({ status: 200, parts: parts.length })}\n`,
    };
  }
}

function partsOf(form: string, boundary: string): SeenPart[] {
  return form.split(`--${boundary}`).slice(1, -1).map((part) => {
    const [head = "", text = ""] = part.slice(2, -2).split("\r\n\r\n");
    const headers = new Headers(
      head.split("\r\n").map((line): [string, string] => {
        const [name = "", ...value] = line.split(": ");
        return [name, value.join(": ")];
      }),
    );
    return { id: headers.get("x-file-id")!, name: decodeURIComponent(headers.get("x-file-name")!), headers, text };
  });
}
