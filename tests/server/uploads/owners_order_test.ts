import { assertEquals } from "@std/assert";
import { setTimeout } from "node:timers/promises";
import { safeBytes } from "../../../server/model/upload.ts";
import { OPEN_SCOPE, owned } from "../../../server/model/owner.ts";
import { someBytes } from "../../support/bytes.ts";
import { openEngine } from "../../support/engine.ts";

Deno.test("a question that comes behind bytes of an upload whose owner is still looked for counts these bytes", async () => {
  const gate = Promise.withResolvers<void>();
  let isShut = false;
  await using site = await openEngine({
    slowedRecords: (records) => {
      const get = records.get.bind(records);
      records.get = async (id) => {
        const isFirst = isShut;
        isShut = false;
        if (isFirst) await gate.promise;
        return await get(id);
      };
      return records;
    },
  });
  const { engine } = site;
  const file = someBytes(100_000);
  const facts = owned(OPEN_SCOPE, { name: "a", folders: [], clientId: "a" });
  const empty = { body: null, bodyLength: 0, offset: 0, length: 200_000, toTheEnd: false };
  const { upload: { id } } = await engine.send(facts, empty);
  isShut = true;
  const body = new Blob([file]).stream();
  const sending = engine.append(id, OPEN_SCOPE, { body, bodyLength: file.length, offset: 0, toTheEnd: false });
  const asking = engine.status(id, OPEN_SCOPE, { takesOver: true });
  await setTimeout(20);
  gate.resolve();
  const [sent, told] = await Promise.all([sending, asking]);
  assertEquals(safeBytes(told), safeBytes(sent.upload));
  assertEquals(safeBytes(await engine.status(id, OPEN_SCOPE)), safeBytes(told));
});
