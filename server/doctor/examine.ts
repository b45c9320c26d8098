import { defined } from "../defined.ts";
import { type Certificate, lookAtCertificate } from "./certificate.ts";
import { sizeText } from "./bytes.ts";
import { lookAtCut, lookAtEarlyRefusal, lookAtLarge, lookAtSilence, lookAtSlow } from "./look_bodies.ts";
import { lookAtDownload } from "./look_download.ts";
import { lookAtHeaders, type Refused } from "./look_headers.ts";
import { lookAtInterim } from "./look_interim.ts";
import { lookWhoAnswers } from "./look_hello.ts";
import { lookAtNames } from "./look_names.ts";
import { lookAtSizes } from "./look_sizes.ts";
import type { Hello, Observations } from "./observations.ts";
import type { Site } from "./site.ts";
import { type Endpoint, NoConnection } from "./wire.ts";

/** The things that an examination works with. */
export interface ExamineDeps {
  readonly site: Site;
  readonly endpoint: Endpoint;
  /** The address, without a path. */
  readonly origin: string;
  /** The visitor's secret. A link's visitor may read nothing, and a token must not go to a stranger. */
  readonly has: "nothing" | "token" | "link";
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** Tells the person what is looked at now. */
  readonly tell: (line: string) => void;
}

const LOCAL = /^(?:localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

/** Looks at everything that the plan says, one after the other, and only the two long waits together. */
export async function examine(
  { site, endpoint, origin, has, now, tell }: ExamineDeps,
): Promise<Omit<Observations, "remaining">> {
  const { plan } = site;
  const skipped: string[] = [];
  const base = { url: origin, isHttps: endpoint.isHttps, isLocal: LOCAL.test(endpoint.hostname), skipped };
  let lostConnection: string | undefined;
  const seen = () => defined({ proxy: site.proxy, lostConnection });

  async function look<T>(what: string, by: () => Promise<T>): Promise<T | undefined> {
    tell(`Looking ${what}`);
    try {
      return await by();
    } catch (error) {
      if (!(error instanceof NoConnection)) throw error;
      skipped.push(`${what}: ${error.message}`);
      lostConnection ??= error.message;
    }
  }

  let certificate: Certificate | undefined;
  if (endpoint.isHttps) {
    certificate = await look("at the certificate", () => lookAtCertificate(endpoint, site.signal));
    if (certificate?.problem !== undefined && has !== "nothing") {
      const reason = "nothing was sent, because your secret must not go to a server that nobody vouches for";
      return { ...base, certificate, hello: { kind: "unreachable", reason } };
    }
  }
  const begun = { ...base, ...certificate !== undefined && { certificate } };
  const first = await lookWhoAnswers(site, now);
  if (first.hello.kind !== "pawl") return { ...begun, ...seen(), ...first };

  const headers = await look("which headers and methods come through", () => lookAtHeaders(site));
  if (headers === undefined) return { ...begun, ...seen(), ...first };
  const { refused, path, ...small } = headers;
  const stop = refused === undefined ? undefined : stopBy(refused);
  if (stop !== undefined) return { ...begun, ...seen(), ...small, hello: stop };

  const interim = await look("whether an answer comes behind an interim one", () => lookAtInterim(site));
  const limit = plan.announcedBytes === 0
    ? undefined
    : await look("how large a request may be", () => lookAtSizes(site));
  const most = Math.min(typeof limit === "object" ? limit.bytes : Infinity, first.hello.maxBytes);
  const cut = plan.cutBytes === 0
    ? undefined
    : await look("what is lost when a request is cut off", () => lookAtCut(site, most));
  const bytes = Math.min(plan.largeBytes, most);
  const [large, early] = bytes === 0 ? [] : [
    await look(`at a request of ${sizeText(bytes)}`, () => lookAtLarge(site, bytes)),
    await look("whether an early refusal is heard", () => lookAtEarlyRefusal(site, bytes)),
  ];
  const names = await look("which name and scheme Pawl hears of", () => lookAtNames(site, origin, has === "token"));
  const download = path === undefined || has === "link"
    ? undefined
    : await look("at the way back", () => lookAtDownload(site, path));
  if (download === undefined) skipped.push("the way back: you may not read the file");

  const longMs = Math.max(plan.silenceMs, plan.slowMs);
  const [silence, slow] = longMs === 0 ? [] : await look(
    `at a silent and a slow body: this takes ${Math.ceil(longMs / 1000)} seconds`,
    () =>
      Promise.all([
        plan.silenceMs > 0 ? lookAtSilence(site) : undefined,
        plan.slowMs > 0 ? lookAtSlow(site) : undefined,
      ]),
  ) ?? [];
  const found = { interim, limit, cut, large, early, names, download, silence, slow };
  const known = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { ...begun, ...seen(), ...first, ...small, ...known as Partial<Observations> };
}

/** Says why nothing can be looked at where not even a small file is taken; `undefined` for a limit of size. */
function stopBy({ met, words }: Refused): Hello | undefined {
  switch (met.by) {
    case "pawl":
      return { kind: "refused", status: met.status, code: met.code ?? "", words };
    case "other":
      return met.status === 413 ? undefined : { kind: "other", met, title: "", isEmpty: words === "" };
    case "nobody":
      return { kind: "unreachable", reason: "a small upload gets no answer" };
  }
}
