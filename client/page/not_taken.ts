import type { Messages } from "../languages/messages.ts";
import type { NotTaken } from "./intake.ts";
import { nameText } from "./texts.ts";

/** The names that are told of many files. */
const MOST_TOLD = 20;

/** Says what was not taken, and why, a line for each. */
export function notTakenText({ unreadable, emptyFolders, instead }: NotTaken, messages: Messages): string {
  const texts = unreadable.slice(0, MOST_TOLD).map((name) => messages.unreadable(nameText(name)));
  if (instead === "link") texts.push(messages.linkNotFile);
  if (instead === "text") texts.push(messages.textNotFile);
  if (instead === "nothing-pasted") texts.push(messages.nothingPasted);
  if (instead === "nothing") texts.push(messages.emptyFolder);
  if (emptyFolders > 0) texts.push(messages.emptyFolders(emptyFolders));
  return texts.join("\n");
}
