import { isDeepStrictEqual } from "node:util";
import { linkOf, payerOf } from "../../server/model/owner.ts";
import type { ListPlace, RecordStore } from "../../server/storage/store.ts";
import { createSameName, type SameName } from "../../server/model/same_name.ts";
import type { CompleteUpload, ReceivingUpload, Upload } from "../../server/model/upload.ts";
import type { LossyDisk } from "./lossy_disk.ts";

/** The records on a lossy disk: every commit happens as a whole, and is on the disk when it has happened. */
export function lossyRecords(
  disk: LossyDisk,
  sameName: SameName = createSameName({ ignoresCase: false }),
): RecordStore {
  const { uploads, clients } = disk.tables;
  const look = <T>(path: string, effect: () => T) => disk.step({ kind: "look", path: `records.${path}` }, effect);
  const commit = <T>(path: string, effect: () => T) => disk.step({ kind: "commit", path: `records.${path}` }, effect);
  const freeClientId = (upload: Upload) => {
    if (upload.clientId === undefined) return;
    const key = clientKey(upload.owner, upload.clientId);
    if (clients.get(key) === upload.id) clients.delete(key);
  };
  const claimant = (path: string) =>
    uploads.values().find((upload) => upload.state === "complete" && sameName(upload.path) === sameName(path))?.id;
  const claimsOther = (upload: Upload, before?: Upload) =>
    upload.state === "complete" && !(before?.state === "complete" && before.path === upload.path) &&
    claimant(upload.path) !== undefined;
  const copyOf = (upload: Upload | undefined) => upload === undefined ? undefined : structuredClone(upload);

  return {
    get: (id) => look("get", () => copyOf(uploads.get(id))),

    findByClient: (owner, clientId) =>
      look("findByClient", () => copyOf(uploads.get(clients.get(clientKey(owner, clientId)) ?? ""))),

    create: (upload, instead) =>
      commit("create", () => {
        const key = upload.clientId === undefined ? undefined : clientKey(upload.owner, upload.clientId);
        if ((key === undefined ? undefined : clients.get(key)) !== instead?.id) return false;
        if (claimsOther(upload)) return false;
        if (instead?.state === "receiving") uploads.delete(instead.id);
        uploads.set(upload.id, structuredClone(upload));
        if (key !== undefined) clients.set(key, upload.id);
        return true;
      }),

    claimant: (path) => look("claimant", () => claimant(path)),

    async *below(folder, payer) {
      yield* await look("below", () => {
        const start = sameName(`${folder}/`);
        const complete = [...uploads.values()].filter((upload) => upload.state === "complete");
        const found = complete.filter(({ path, owner }) =>
          sameName(path).startsWith(start) && (payer === undefined || payerOf(owner) === payer)
        );
        return found.map((upload) => structuredClone(upload));
      });
    },

    async *folders(payer) {
      yield* await look("folders", () => {
        const complete = [...uploads.values()].filter((upload) => upload.state === "complete");
        const paths = complete.filter(({ owner }) => payerOf(owner) === payer).map(({ path }) => sameName(path));
        return paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))).filter((folder) => folder !== "");
      });
    },

    replace: (before, after, { isUnheld = false } = {}) =>
      commit("replace", () => {
        const isKnown = before === after ? isDeepStrictEqual : isAsFar;
        if (claimsOther(after, before) || isUnheld && !isKnown(uploads.get(before.id), before)) return false;
        uploads.set(after.id, structuredClone(after));
        if (after.state === "gone") freeClientId(after);
        return true;
      }),

    forget: (upload) =>
      commit("forget", () => {
        uploads.delete(upload.id);
        freeClientId(upload);
      }),

    list: (owner, limit, after) =>
      look("list", () => {
        const place = ({ createdAt, id }: ListPlace) => `${String(createdAt).padStart(20, "0")} ${id}`;
        const end = after === undefined ? undefined : place(after);
        return [...uploads.values()]
          .filter((upload) => upload.state !== "gone" && [upload.owner, linkOf(upload.owner)].includes(owner))
          .sort((one, other) => place(one) < place(other) ? 1 : -1)
          .filter((upload) => end === undefined || place(upload) < end)
          .slice(0, limit)
          .map((upload) => structuredClone(upload) as ReceivingUpload | CompleteUpload);
      }),

    async *all() {
      yield* await look("all", () => [...uploads.values()].map((upload) => structuredClone(upload)));
    },

    async *due(now) {
      yield* await look("due", () => {
        const listed = [...uploads.values()].filter((upload) => upload.state !== "complete");
        return listed.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt).map(({ id }) => id);
      });
    },

    firstDueAt: () => Promise.resolve(undefined),
    serviceTime: () => Promise.resolve(0),
    saveServiceTime: () => Promise.resolve(),

    [Symbol.dispose]: () => {},
  };
}

function isAsFar(now: Upload | undefined, before: Upload): boolean {
  const offsetOf = (upload: Upload | undefined) => upload?.state === "receiving" ? upload.offset : undefined;
  return now?.state === before.state && offsetOf(now) === offsetOf(before);
}

function clientKey(owner: string, clientId: string): string {
  return JSON.stringify([owner, clientId]);
}
