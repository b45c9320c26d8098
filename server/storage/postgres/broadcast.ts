import type { Broadcast } from "../shared/broadcast.ts";
import type { Connection } from "./connection.ts";
import { UNSYNCED } from "./unsynced.ts";

/** The channel on which all instances listen. Those of another schema are told apart by their name for it. */
const CHANNEL = "pawl all";

/** Makes the messages to all instances on the same tables, by the database. `own` is a name that no other instance has. */
export function createBroadcast(connection: Connection, own: string): Broadcast {
  let schema: Promise<string> | undefined;
  async function findSchema(): Promise<string> {
    const [row] = await connection.query<{ schema: string }>("SELECT current_schema()::text AS schema");
    return row!.schema;
  }
  const schemaNow = () =>
    schema ??= findSchema().catch((error) => {
      schema = undefined;
      throw error;
    });

  return {
    async send(text) {
      const message = JSON.stringify([await schemaNow(), own, text]);
      await connection.query(`SELECT pg_notify($1, $2), ${UNSYNCED}`, [CHANNEL, message]);
    },

    listen(heard) {
      connection.listen(CHANNEL, async (message) => {
        const [from, name, text] = parse(message);
        if (text === undefined || name === own) return;
        if (from === await schemaNow().catch(() => undefined)) heard(text, name!);
      });
    },
  };
}

/** Reads a message; nothing for what no instance sends: anybody with access to the database may notify. */
function parse(message: string): string[] {
  try {
    const parts = JSON.parse(message);
    return Array.isArray(parts) && parts.length === 3 && parts.every((part) => typeof part === "string") ? parts : [];
  } catch {
    return [];
  }
}
