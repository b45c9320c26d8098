import type { Job } from "../../job.ts";
import { behindLarge } from "./behind_large.ts";
import { firstSafeByte } from "./first_safe.ts";
import { floor } from "./floor.ts";
import { http2 } from "./http2.ts";
import { largeFile } from "./large_file.ts";
import { load } from "./load.ts";
import { smallFiles } from "./small_files.ts";
import { thirdTab } from "./third_tab.ts";

/** Every job, in the order in which they run. */
export const JOBS: readonly Job[] = [load, http2, smallFiles, largeFile, firstSafeByte, behindLarge, thirdTab, floor];
