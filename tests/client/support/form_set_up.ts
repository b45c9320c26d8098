import type { QueuedUpload, QueueOptions } from "../../../client/mod.ts";
import { FormHost } from "./form_host.ts";
import { fileOf, type QueueSetup, setUpQueue } from "./queue_set_up.ts";

/** A queue whose server takes forms. */
export interface FormSetup extends QueueSetup {
  forms: FormHost;
  /** Adds files of ten bytes. */
  addAll: (names: readonly string[]) => QueuedUpload[];
}

/** Makes a {@linkcode FormSetup}. */
export async function setUpForms(options: QueueOptions = {}): Promise<FormSetup> {
  const forms = new FormHost();
  const setup = setUpQueue({ transport: forms.transport, limits: await forms.limits(), ...options });
  const addAll = (names: readonly string[]) => names.map((name) => setup.queue.add(fileOf(name)));
  return { ...setup, forms, addAll };
}

/** The names of twenty files. */
export const NAMES = Array.from({ length: 20 }, (_, i) => `file${i}`);
