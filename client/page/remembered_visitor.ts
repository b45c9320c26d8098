import type { UploadStore } from "../mod.ts";
import type { Visitor } from "./session.ts";

const SETTING = "rights-of-anybody";

/**
 * Gives the visitor that this page had last, for a page need not wait for the server to say the same again. Only a
 * visitor who has not signed in is remembered: nothing of a sign-in stays in the browser.
 */
export async function rememberedVisitor(store: UploadStore): Promise<Visitor | undefined> {
  const rights = await store.setting(SETTING);
  return rights ? { kind: "anybody", name: "", rights: rights.split(" ") } : undefined;
}

/** Remembers a visitor, or forgets the last one if this one has signed in or has to. */
export async function rememberVisitor(store: UploadStore, { kind, rights }: Visitor): Promise<void> {
  await store.set(SETTING, kind === "anybody" ? rights.join(" ") : "");
}

/** True when two visitors may do the same, and the page shows the same of them. */
export function areAlike(one: Visitor, other: Visitor): boolean {
  return one.kind === other.kind && one.name === other.name && one.rights.join() === other.rights.join();
}
