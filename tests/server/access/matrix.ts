import { API_ROWS } from "./matrix_api.ts";
import { type Row, WHO } from "./matrix_columns.ts";
import { OPERATIONS_ROWS } from "./matrix_operations.ts";
import { UPLOAD_ROWS } from "./matrix_uploads.ts";

/**
 * The matrix: every route and verb, and what each sender gets. The server here lets in nobody without a token. The
 * cookie is the uploader's; a browser sends it with a request of the server's own page, or of another page.
 */
export const MATRIX: readonly Row[] = [...UPLOAD_ROWS, ...OPERATIONS_ROWS, ...API_ROWS];

/** The matrix as a table in Markdown, without alignment. */
export function matrixTable(): string[] {
  return [
    `| route | verb | asks for | ${WHO.join(" | ")} |`,
    `|${"---|".repeat(WHO.length + 3)}`,
    ...MATRIX.map(({ path, verb, what, asks, expected }) => {
      const route = path.replace(/(?:UN)?FINISHED|PARTIAL|LINKID/, "<id>").replace(/[A-Z]+LINK$/, "<secret>");
      return `| \`${route}\` | \`${verb}\`${what === undefined ? "" : ` ${what}`} | ${asks} | ${
        expected.join(" | ")
      } |`;
    }),
  ];
}
