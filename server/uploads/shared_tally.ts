import type { Amount } from "../model/amount.ts";
import { ANONYMOUS, linkOf, payerOf } from "../model/owner.ts";
import { type CompleteUpload, type ReceivingUpload, reservedBytes, type Upload } from "../model/upload.ts";
import type { Bound, Count, CountedUpload, NamedFolders, Tallied, Tally } from "../storage/tally.ts";
import { folderCount } from "../storage/tally.ts";
import { folderNames, tooManyFolders } from "./folder_limit.ts";
import type { LimitingDeps } from "./limiting.ts";
import { filesOf, rulesOf } from "./quota_rules.ts";
import { counterOf, tooManyUnfinished } from "./unfinished.ts";

/** The name under which the amounts of an owner or a link (`linkOf`) are kept, or those of all. */
export function keptBy(name: string | undefined): string {
  return name === undefined ? "kept" : `kept by ${name}`;
}

/** The name under which the unfinished uploads of an owner are counted, together with those that count with them. */
export function openBy(owner: string): string {
  return `open by ${counterOf(owner)}`;
}

type Present = ReceivingUpload | CompleteUpload;

/** Says what uploads count for in the database that all instances share, and which limits bound them. */
export class SharedTally implements Tally {
  readonly #deps: Pick<LimitingDeps, "limits" | "sameName">;
  /** How many bytes are reserved for uploads whose length nobody has told, and whose bytes come to this instance now. */
  readonly #ahead = new Map<string, number>();

  constructor(deps: Pick<LimitingDeps, "limits" | "sameName">) {
    this.#deps = deps;
  }

  of(steps: Parameters<Tally["of"]>[0]): Tallied | undefined {
    const uploads: CountedUpload[] = [];
    const bounds: Bound[] = [];
    let named: NamedFolders | undefined;
    for (const [before, after] of steps) {
      if (before !== undefined && after !== undefined && countsAlike(before, after)) continue;
      if (after !== undefined && after.state !== "gone") {
        uploads.push(this.#counted(after, before === undefined));
        // An upload that is there counts, over a limit or not.
        if (before !== after) bounds.push(...this.#bounds(after));
        if (before === undefined || before === after) named = this.#named(after) ?? named;
      } else if (before?.state !== "gone") uploads.push(nothing((after ?? before)!));
    }
    return uploads.length === 0 ? undefined : { uploads, bounds, ...named !== undefined && { named } };
  }

  /** Says that an upload reserves `bytes` bytes, before its record says so. */
  ahead(upload: ReceivingUpload, bytes: number): Tallied {
    const counted = this.#counted({ ...upload, offset: Math.max(upload.offset, bytes) }, false);
    return { uploads: [{ ...counted, isAhead: true }], bounds: this.#quotaBounds(upload) };
  }

  /** Remembers how many bytes an upload reserves, or that its record alone says so. */
  setAhead(id: string, bytes: number | undefined): void {
    if (bytes === undefined) this.#ahead.delete(id);
    else this.#ahead.set(id, bytes);
  }

  #counted(upload: Present, isNew: boolean): CountedUpload {
    const { id, owner } = upload;
    const payer = payerOf(owner);
    if (upload.state === "complete") return { id, payer, kept: this.#kept(upload, upload.length), open: [] };
    const ahead = this.#ahead.get(id);
    const isAhead = ahead !== undefined && upload.length === undefined;
    const bytes = Math.max(reservedBytes(upload), isAhead ? ahead : 0);
    return {
      id,
      payer,
      kept: this.#kept(upload, bytes),
      open: this.#open(upload),
      ...isAhead && { isAhead },
      ...isNew && upload.concat !== undefined && { takes: upload.concat.partials.map(({ id }) => id) },
    };
  }

  #kept(upload: Present, bytes: number): Count[] {
    const files = filesOf(upload);
    const bounded = new Set(this.#quotaBounds(upload).map(({ name }) => name));
    const names = [undefined, payerOf(upload.owner), linkOf(upload.owner)];
    return names.flatMap((owner, at) => {
      if (owner === undefined && at > 0) return [];
      const name = keptBy(owner);
      return [{ name, files, bytes, isSpread: !bounded.has(name) }];
    });
  }

  #open({ owner, from }: ReceivingUpload): Count[] {
    const isSpread = this.#deps.limits.maxUnfinished === Infinity || owner === ANONYMOUS;
    const one = { files: 1, bytes: 0 };
    return [
      { ...one, name: openBy(owner), isSpread },
      // An address' uploads are those of few people: they wait for each other.
      ...from === undefined ? [] : [{ ...one, name: `open from ${from}`, isSpread: false }],
    ];
  }

  #bounds(upload: Present): Bound[] {
    const bounds = this.#quotaBounds(upload);
    const { maxUnfinished, maxFolders } = this.#deps.limits;
    if (upload.state === "receiving" && maxUnfinished < Infinity) {
      const { owner, from } = upload;
      const max = { files: maxUnfinished, bytes: Infinity };
      const who = linkOf(owner) === undefined ? "You have" : "This link has";
      const bound = (name: string, who: string) => ({
        name,
        max,
        refusal: () => tooManyUnfinished(who, maxUnfinished),
      });
      if (owner !== ANONYMOUS) bounds.push(bound(openBy(owner), who));
      if (from !== undefined) bounds.push(bound(`open from ${from}`, "Your address has"));
    }
    if (maxFolders < Infinity) {
      bounds.push({
        name: folderCount(payerOf(upload.owner)),
        max: { files: maxFolders, bytes: Infinity },
        refusal: () => tooManyFolders(maxFolders, upload),
      });
    }
    return bounds;
  }

  #quotaBounds(upload: Present): Bound[] {
    const isFinite = ({ files, bytes }: Amount) => files < Infinity || bytes < Infinity;
    return rulesOf(this.#deps.limits.quota, upload).filter(({ max }) => isFinite(max))
      .map(({ name, max, refusal }) => ({ name: keptBy(name), max, refusal }));
  }

  #named(upload: Present): NamedFolders | undefined {
    const names = upload.state === "complete" ? upload.path.split("/").slice(0, -1) : upload.folders;
    if (names.length === 0) return undefined;
    return { payer: payerOf(upload.owner), folders: folderNames(names, this.#deps.sameName) };
  }
}

/** True when a record counts for what the one before it did. A record that stays itself is counted anew. */
function countsAlike(before: Upload, after: Upload): boolean {
  if (before === after || before.state !== after.state) return false;
  if (before.state !== "receiving" || after.state !== "receiving") return true;
  // The database alone knows how much is reserved for bytes to come.
  return before.length !== undefined && before.length === after.length &&
    reservedBytes(before) === reservedBytes(after);
}

function nothing({ id, owner }: Upload): CountedUpload {
  return { id, payer: payerOf(owner), kept: [], open: [] };
}
