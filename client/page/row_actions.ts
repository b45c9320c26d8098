import type { Action } from "../languages/messages.ts";
import type { QueuedUpload } from "../mod.ts";

/** The things that the visitor may do with finished files. */
export interface RowRights {
  /** True when the visitor may get them. */
  read: boolean;
  /** True when the visitor may delete them. */
  upload: boolean;
}

/** The facts about an upload that the page knows and its queue does not. */
export interface RowMarks {
  /** True for a file that is held back until somebody has looked at it. */
  isHeld: boolean;
  /** True for a finished file that is about to be deleted. */
  isDeleting: boolean;
  /** True while its deletion can still be undone. */
  canUndo: boolean;
  /** The name of the finished file on the server, if it differs. */
  savedAs: string | undefined;
}

/** Gives the actions that an upload offers in its state. */
export function actionsFor(
  { state, location, canRetry, progress }: QueuedUpload,
  may: RowRights,
  { isHeld, isDeleting, canUndo }: Omit<RowMarks, "savedAs">,
): Action[] {
  switch (state) {
    case "done":
      if (isDeleting) return canUndo ? ["undo"] : [];
      if (location === undefined) return ["dismiss"];
      return [...may.read ? ["download", "copy"] as const : [], ...may.upload ? ["delete"] as const : [], "dismiss"];
    case "paused":
      return isHeld ? ["send", "edit", "cancel"] : ["edit", "resume", "cancel"];
    case "stopped":
      return ["resume", "cancel"];
    case "waiting":
      // The page cannot hurry the work of another tab, nor the person who signs in.
      return isAwaited(progress) ? ["pause", "cancel"] : ["retry", "pause", "cancel"];
    case "failed": {
      const again: Action[] = canRetry ? ["retry"] : progress.error?.code === "file-changed" ? ["chooseAgain"] : [];
      return [...again, progress.confirmed > 0 ? "discard" : "dismiss"];
    }
    case "cancelled":
      return [];
    default:
      return ["edit", "pause", "cancel"];
  }
}

/** True for an upload whose next try comes after something else, and not after a retry delay. */
function isAwaited({ problem }: QueuedUpload["progress"]): boolean {
  return problem?.code === "elsewhere" || problem?.code === "signed-out";
}
