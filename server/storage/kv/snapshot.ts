import { backup, DatabaseSync } from "node:sqlite";

/** More pages than a database has, so that all of them are copied in one step, and no change comes between two. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies all that the database at `path` holds at this moment to a new file at `to`. Other processes may write to the
 * database meanwhile: they do not wait, and what they change is not in the copy. The file is not flushed.
 */
export async function snapshot(path: string, to: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    // `VACUUM INTO` would need the permission to read and write everywhere.
    await backup(database, to, { rate: ALL_PAGES });
  } finally {
    database.close();
  }
}
