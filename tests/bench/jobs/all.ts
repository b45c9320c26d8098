import type { Job } from "../job.ts";
import { chunked } from "./chunked.ts";
import { download } from "./download.ts";
import { eight } from "./eight.ts";
import { listener } from "./listener.ts";
import { memory } from "./memory.ts";
import { one } from "./one.ts";
import { page } from "./page.ts";
import { queue } from "./queue.ts";
import { resume } from "./resume.ts";
import { slow } from "./slow.ts";
import { small } from "./small.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { sweep } from "./sweep.ts";
import { takeOvers } from "./take_over.ts";

/** Every job, in the order in which they run. */
export const JOBS: readonly Job[] = [
  one,
  eight,
  chunked,
  small,
  resume,
  slow,
  memory,
  status,
  listener,
  sweep,
  download,
  start,
  takeOvers,
  queue,
  page,
];
