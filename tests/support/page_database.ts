// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** All that a page keeps in one store of its database, by its key. */
export function storedIn(page: Page, store: string): Promise<{ key: unknown; value: unknown }[]> {
  return page.evaluate(async (store) => {
    const result = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await result(indexedDB.open("pawl"));
    const records = database.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all([result(records.getAllKeys()), result(records.getAll())]);
    database.close();
    return keys.map((key, index) => ({ key, value: values[index] }));
  }, store);
}
