import type { AttributeValue, Span } from "@opentelemetry/api";
import { isKnownMethod } from "./instruments.ts";

/** The most characters of a text that a client has made. */
const LONGEST = 200;

/**
 * The value that the runtime may give an attribute of a span; `undefined` if it may give it none. It knows nothing of
 * secrets: the path or the query of a URL is one for who gets a file by a link, or for a webhook.
 */
export function safeAttribute(key: string, value: AttributeValue): AttributeValue | undefined {
  switch (key) {
    case "url.path":
    case "url.query":
      return undefined;
    case "url.full":
      return URL.parse(String(value))?.origin.slice(0, LONGEST);
    case "exception.message":
    case "exception.stacktrace":
      return withoutPaths(String(value));
    case "http.request.method":
      return isKnownMethod(String(value)) ? value : "_OTHER";
    default:
      return value;
  }
}

/** Cuts each web address in a text behind its host. */
function withoutPaths(text: string): string {
  return text.replaceAll(/\b(https?:\/\/[^\s/?#"'()]+)[^\s"'()]*/g, "$1/…");
}

/**
 * Changes the runtime's class of spans so that it gives none an attribute that {@linkcode safeAttribute} does not let
 * through. The runtime writes the whole URL of a request before any handler runs, and a span forgets nothing: another
 * value of an attribute is exported beside the first one. `setAttributes` stays as it is, for values that are known to
 * be safe.
 */
export function keepSecretsOut(span: Span): void {
  const prototype: Pick<Span, "setAttribute" | "setStatus" | "updateName"> = Object.getPrototypeOf(span);
  const { setAttribute, setStatus, updateName } = prototype;
  prototype.setAttribute = function (this: Span, key, value) {
    const safe = safeAttribute(key, value);
    return safe === undefined ? this : setAttribute.call(this, key, safe);
  };
  prototype.setStatus = function (this: Span, { code, message }) {
    return setStatus.call(this, { code, ...message !== undefined && { message: withoutPaths(message) } });
  };
  prototype.updateName = function (this: Span, name) {
    return updateName.call(this, name.slice(0, LONGEST));
  };
}
