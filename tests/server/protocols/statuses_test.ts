import { assertEquals } from "@std/assert";
import { type ErrorCode, STATUS } from "../../../server/errors.ts";
import { IETF_HEAD_STATUS } from "../../../server/protocols/ietf/statuses.ts";
import { HEAD_STATUS } from "../../../server/protocols/tus/statuses.ts";

/** The refusals of requests that begin or bring something. No question gets them. */
const OF_OTHERS: readonly ErrorCode[] = [
  "unknown-transfer-encoding",
  "too-many-unfinished",
  "too-many-begun",
  "too-many-links",
  "too-many-folders",
];

Deno.test("a question about an upload gets 423 for each refusal that passes by itself", () => {
  const codes = Object.keys(STATUS) as ErrorCode[];
  const passing = codes.filter((code) => (STATUS[code] === 429 || STATUS[code] >= 500) && !OF_OTHERS.includes(code));
  for (const statuses of [HEAD_STATUS, IETF_HEAD_STATUS]) {
    assertEquals(passing.filter((code) => statuses[code] !== 423), []);
  }
});
