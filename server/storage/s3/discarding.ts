import type { LatePlace, Leases } from "../shared/leases.ts";
import type { Bucket } from "./bucket.ts";
import { entryOf, INCOMING, isSegment, prefixOf } from "./keys.ts";
import { EMPTY, readLayout } from "./layout.ts";
import type { OpenWriters } from "./open_writers.ts";
import { isOfUpload } from "./placing.ts";
import type { Remover } from "./remover.ts";
import type { Tails } from "./tails.ts";

/** The most places that one call looks at for objects that came late. */
const MAX_LATE = 1000;
/** How many orphans are looked up at a time. */
const LOOKED_UP = 100;

/** Says how an upload has ended; `undefined` for one that goes on. */
export type EndOf = (id: string) => Promise<"complete" | "gone" | undefined>;

/** Removes the bytes of unfinished uploads, and finds those that nobody needs. */
export interface Discarding {
  /**
   * Removes an upload's row, and then its objects: when its writer has let go, for it may be sending still. A writer that
   * has lost the upload removes nothing: the bytes are those of another one.
   */
  discard(id: string): Promise<void>;
  /**
   * Removes objects that appeared after their upload had ended, as a writer leaves them that was stopped meanwhile. Meant
   * to be called every few minutes; one instance at a time does it.
   */
  removeLate(endOf: EndOf): Promise<void>;
  /** The ids of all rows, and of all objects below `incoming/` that no row needs. */
  unfinished(): AsyncGenerator<string>;
}

export interface DiscardingDeps {
  readonly bucket: Bucket;
  readonly leases: Leases;
  readonly writers: OpenWriters;
  readonly remover: Remover;
  readonly tails: Tails;
  /** Called with what failed that nobody waits for. */
  readonly failed: (error: unknown) => void;
}

export function createDiscarding({ bucket, leases, writers, remover, tails, failed }: DiscardingDeps): Discarding {
  /** Removes what came late to a place. Nobody makes a row for an upload that has ended. */
  async function removeLateAt({ key, id }: LatePlace, end: "complete" | "gone" | undefined): Promise<void> {
    if (key.endsWith("/")) {
      if (end !== undefined && !(await leases.needed([id])).has(id)) remover.removeBelow(key);
    } else if (end === "gone") {
      const info = await bucket.head(key);
      if (info !== undefined && isOfUpload(info, id)) await bucket.remove(key, info.etag);
    }
  }

  return {
    async discard(id) {
      const writer = writers.get(entryOf(id));
      const keys = writer?.allKeys;
      const row = writer === undefined ? await leases.read(id) : undefined;
      const { placing } = writer?.layout ?? (row === undefined ? EMPTY : readLayout(row.layout));
      const ids = await leases.remove(id, writer?.token);
      const removeObjects = () => {
        tails.drop(id);
        if (placing !== undefined && ids.length > 0) remover.abortAll(placing);
        for (const each of ids) remover.removeBelow(prefixOf(each), each === id ? keys : undefined);
      };
      if (writer === undefined) return removeObjects();
      writer.onceClosed(removeObjects);
    },

    async removeLate(endOf) {
      await leases.alone("remove late objects", async () => {
        for (const place of await leases.latePlaces(MAX_LATE)) {
          try {
            await removeLateAt(place, await endOf(place.id));
          } catch (error) {
            failed(error);
          }
        }
      });
    },

    async *unfinished() {
      yield* leases.ids();
      const some: string[] = [];
      const orphans = async () => {
        const needed = await leases.needed(some);
        return some.splice(0).filter((id) => !needed.has(id));
      };
      // The rows are looked up after the objects were listed: an upload that began meanwhile has one.
      for await (const name of bucket.folders(INCOMING)) {
        if (!isSegment(name) || writers.get(name) !== undefined || remover.isRemoving(prefixOf(name))) continue;
        some.push(name);
        if (some.length === LOOKED_UP) yield* await orphans();
      }
      yield* await orphans();
    },
  };
}
