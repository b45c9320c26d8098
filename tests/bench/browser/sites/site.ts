import type { Page } from "playwright-core";
import type { Candidate } from "../../job.ts";

/**
 * A page for uploads, together with the server that gives it and takes its files. A new one is one module with one of
 * these. Every page sets `data-ready` on its `html` element when its buttons react.
 */
export interface Site extends Candidate {
  /** Starts its server with an empty folder `dir` of its own; returns when it is ready. */
  start(dir: string, signal: AbortSignal): Promise<RunningSite>;
}

/** A started site; leaving its scope ends its process. */
export interface RunningSite extends AsyncDisposable {
  /** Where the page is, at `/`. */
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  /** Chooses files of this computer, each with its path. */
  choose(page: Page, paths: readonly string[]): Promise<void>;
  /** Waits until the page shows the file of this name as finished. */
  fileDone(page: Page, name: string): Promise<void>;
  /** How many files are finished by now. */
  doneCount(page: Page): Promise<number>;
  /** Where the bytes of the file of this name have come to lie. */
  received(page: Page, name: string): Promise<string>;
}
