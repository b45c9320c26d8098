import type { Finding } from "./finding.ts";
import type { Hello, Observations } from "./observations.ts";
import { REMEDIES } from "./remedies.ts";

/** Says why the rest could not be looked at: no Pawl has let this visitor in. `undefined` when one did. */
export function whyNoPawl({ hello, url, certificate }: Observations): Finding | undefined {
  switch (hello.kind) {
    case "pawl":
      return undefined;
    case "unreachable":
      return fault("unreachable", `There is no answer from ${url}: ${hello.reason}`, {
        costs: certificate?.problem === undefined
          ? "Nobody can upload: check the address, the network and whether the proxy runs"
          : "Nobody can upload by a certificate that is not trusted",
      });
    case "refused":
      return refused(hello, url);
    case "other":
      return other(hello, url);
  }
}

function refused({ code, words }: Extract<Hello, { kind: "refused" }>, url: string): Finding {
  const name = URL.parse(url)?.hostname ?? url;
  if (code === "misdirected") {
    return fault("wrong-name", "Pawl does not know the name by which this request came", {
      costs: "It refuses every request that comes this way (421)",
      remedy: { ...REMEDIES.host, any: `Start Pawl with --public-url ${url}, or with --allow-host ${name}` },
    });
  }
  if (code === "unauthorized") {
    return fault("wants-token", `Pawl wants a token: ${words}`, {
      costs: "Without one nothing can be looked at: give --token-file FILE, or set PAWL_TOKEN",
    });
  }
  return fault("refused", `Pawl refuses (${code}): ${words}`, { costs: "Nothing else could be looked at" });
}

function other({ met, title, isEmpty }: Extract<Hello, { kind: "other" }>, url: string): Finding {
  const status = met.by === "nobody" ? 0 : met.status;
  const location = met.by === "other" ? met.location : undefined;
  const costs = "Nothing reaches Pawl this way";
  if (location !== undefined && status >= 300 && status < 400) {
    const turns = status === 301 || status === 302 || status === 303;
    return fault("redirect", `The address leads on to ${location} (${status})`, {
      costs: turns
        ? "By such a redirect clients turn a POST into a GET, and lose its body"
        : "Every request is sent twice",
      remedy: {
        any: "Give clients the address that it leads to, and look at that one. For POST a redirect must be 308",
      },
    });
  }
  if (isEmpty && status === 200) {
    return fault("empty-answer", "An empty 200 comes back, which is not Pawl's", {
      costs: "A careless client takes that for a success, and its file is nowhere",
      remedy: {
        lines: { Caddy: [`${url.replace(/^http:\/\/|^https:\/\//, "")} {`, "  reverse_proxy 127.0.0.1:8080", "}"] },
        any: "Give the proxy a site of this name: Caddy answers so when none of its sites has the name",
      },
    });
  }
  if (status === 401 || status === 403 || status === 407 || /log.?in|sign.?in|passwor/i.test(title)) {
    return fault("login", `Something in front of Pawl wants a sign-in of its own (${status}${named(title)})`, {
      costs: "Programs cannot sign in there, so only people with a browser can upload",
      remedy: REMEDIES.login,
    });
  }
  if (status === 502 || status === 503 || status === 504) {
    return fault("no-upstream", `The proxy answers that it cannot reach Pawl (${status}${named(title)})`, {
      costs,
      remedy: { any: "Start Pawl, and look whether the proxy's address and port for it are right" },
    });
  }
  return fault("not-pawl", `What answers at ${url} is not Pawl (${status}${named(title)})`, {
    costs,
    remedy: { any: "Check the address, and which site of the proxy it belongs to" },
  });
}

function named(title: string): string {
  return title === "" ? "" : `, "${title}"`;
}

function fault(code: string, says: string, more: Pick<Finding, "costs" | "remedy">): Finding {
  return { code, level: "fault", says, ...more };
}
