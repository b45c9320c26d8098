import { isDone } from "../in_time.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Identify } from "./route.ts";
import type { Sender } from "./sender.ts";

/** How long the page waits for its visitor, in milliseconds. A program around the server may tell it late. */
const PATIENCE_MS = 500;

/**
 * Tells who asks for the page; `undefined` when `identify` refuses that, or tells it late. The page comes all the same,
 * and asks by itself. Never throws.
 */
export async function visitorInTime(
  identify: Identify,
  request: Request,
  sender: Sender,
): Promise<Visitor | undefined> {
  let visitor: Visitor | undefined;
  const told = identify(request, sender).then((found) => void (visitor = found), () => {});
  await isDone(told, PATIENCE_MS);
  return visitor;
}
