import { copyTemplate, find, part } from "./elements.ts";
import type { FileKind } from "./file_kind.ts";
import type { Language } from "./language.ts";
import { drawTabIcon } from "./tab_icon.ts";

/** The states and the kinds of files that have signs of their own. */
const SIGNS: readonly [state: string, kind: FileKind][] = [
  ["queued", "other"],
  ["sending", "image"],
  ["done", "text"],
  ["waiting", "video"],
  ["paused", "audio"],
  ["failed", "archive"],
  ["deleting", "code"],
];

/**
 * Lays rows with all signs out once, a row at a time, while the page has nothing to do. A browser reads a sign, and finds
 * out how a row looks, when the first one comes, and otherwise that is when files were chosen. Nobody sees or hears these
 * rows, and none is left. It ends early when there are files, or when nobody sees the page.
 */
export async function warmUp({ words }: Language): Promise<void> {
  const queue = find("queue", HTMLElement);
  const isOver = () => !queue.hidden || document.visibilityState === "hidden";
  const list = document.createElement("ul");
  list.className = "rows warm-up";
  try {
    await untilIdle();
    for (const bytes of [1e3, 1e6]) {
      words.bytes(bytes);
      words.speed(bytes);
    }
    drawTabIcon("sending", 0);
    document.body.append(list);
    for (const [state, kind] of SIGNS) {
      await untilIdle();
      if (isOver()) return;
      list.append(rowOf(state, kind));
    }
    // The last row is laid out between the two.
    for (let frames = 0; frames < 2 && !isOver(); frames++) await new Promise(requestAnimationFrame);
  } finally {
    list.remove();
  }
}

function rowOf(state: string, kind: FileKind): HTMLElement {
  const row = copyTemplate("row");
  row.dataset["state"] = state;
  part(row, "thumb", HTMLElement).dataset["kind"] = kind;
  for (const control of row.querySelectorAll<HTMLElement>("[data-action]")) control.hidden = false;
  return row;
}

/** Resolves when the page has nothing to do. Safari does not tell, so it is given a moment. */
function untilIdle(): Promise<unknown> {
  return new Promise((resolve) => (globalThis.requestIdleCallback ?? later)(resolve));
}

function later(run: () => void): void {
  setTimeout(run, 200);
}
