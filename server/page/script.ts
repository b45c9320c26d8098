import { stripTypeScriptTypes } from "node:module";

/** Comments that have lines to themselves. They are a third of what a browser would load. */
const OWN_LINES = /^[ \t]*(?:\/\/.*|\/\*\*(?:(?!\*\/)[^])*\*\/[ \t]*)$/gm;

/**
 * Replaces types and comments by spaces. Lines and columns stay the same, so the browser's errors point into the
 * source. Throws when `source` is not TypeScript that a browser can run; the message names `name` and the line.
 */
export function stripTypes(source: string, name: string): string {
  try {
    return withoutComments(stripTypeScriptTypes(source));
  } catch (cause) {
    const { position, reason } = explain(cause, source);
    throw new Error(`Cannot serve ${name}${position}: ${reason}`, { cause });
  }
}

function withoutComments(script: string): string {
  const blanked = script.replace(OWN_LINES, (comment) => comment.replace(/[^\n]/g, " "));
  // A line that looks like a comment may be text inside a template literal of several lines. Such a script keeps all
  // its comments.
  return hasLongText(blanked) ? script : blanked;
}

/**
 * Leaves out of a script what only people read: empty lines, indents, and the blanks where types were. A script that may
 * have blanks in a text of several lines stays as it is.
 */
export function withoutBlanks(script: string): string {
  return hasLongText(script) ? script : script.split("\n").map(shortLine).filter((line) => line !== "").join("\n");
}

/** Shortens a line. With a quote or a slash in it only its ends are cut, because blanks in it may be text. */
function shortLine(line: string): string {
  const text = line.trim();
  return /["'`/]/.test(text) ? text : text.replace(/ {2,}/g, " ").replace(/ (?=[),;=])/g, "");
}

/** True when a script may have a text of several lines. */
function hasLongText(script: string): boolean {
  return script.split("\n").some((line) => line.split("`").length % 2 === 0 || line.endsWith("\\"));
}

function explain(error: unknown, text: string): { position: string; reason: string } {
  const [message = "", position] = located(error);
  if (position !== undefined) return { position, reason: message };
  // Mode "strip" does not say where a syntax error is; mode "transform", which fails on the same error, does.
  try {
    stripTypeScriptTypes(text, { mode: "transform" });
  } catch (detailed) {
    const [reason = message, detailedPosition = ""] = located(detailed);
    return { position: detailedPosition, reason };
  }
  return { position: "", reason: message };
}

/** The first line of an error's message, without a trailing "at file:…", and ":line:column" when it names one. */
function located(error: unknown): [message?: string, position?: string] {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine = ""] = message.split("\n");
  const reason = firstLine.replace(/\s*at file:.*$/, "").replace(/^SyntaxError: /, "");
  const position = /stripTypeScriptTypes\.ts(:\d+:\d+)/.exec(message)?.[1];
  return position === undefined ? [reason] : [reason, position];
}
