import { DatabaseSync } from "node:sqlite";

/**
 * Writes all that the database at `path` holds at this moment to a new file at `to`. Other processes may write to the
 * database meanwhile: they do not wait, and what they change is not in the copy. A synchronous call, which takes about
 * a second for 100 MB. The file is not flushed.
 */
export function snapshot(path: string, to: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("VACUUM INTO ?").run(to);
  } finally {
    database.close();
  }
}
