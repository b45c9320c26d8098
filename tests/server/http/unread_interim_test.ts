import { assertEquals } from "@std/assert";
import { createSendInterim } from "../../../server/http/node_interim.ts";
import type { Answering } from "../../../server/http/node_types.ts";

/** A response in the place of one of `node:http`, on which `unread` bytes wait for the client. */
function answeringWith(socket: { unread: number; isGone?: boolean } | null) {
  const sent: string[] = [];
  const answering = {
    headersSent: false,
    socket: socket && {
      get writableLength() {
        return socket.unread;
      },
      get destroyed() {
        return socket.isGone ?? false;
      },
    },
    once() {},
    writeInformation: (_: number, headers: Record<string, string>) => void sent.push(headers["Upload-Offset"]!),
  };
  // The cast is right because only these are used.
  return { answering: answering as unknown as Answering, sent };
}

Deno.test("no progress goes to a client that has not read what came before, and the first one goes all the same", () => {
  const socket = { unread: 10, isGone: false };
  const { answering, sent } = answeringWith(socket);
  let now = 0;
  const send = createSendInterim(answering, () => now);
  const sendAt = (at: number) => {
    now = at;
    send(104, { "Upload-Offset": String(at) });
  };
  sendAt(0);
  sendAt(2000);
  sendAt(4000);
  assertEquals(sent, ["0"]);
  socket.unread = 0;
  sendAt(6000);
  socket.isGone = true;
  sendAt(8000);
  assertEquals(sent, ["0", "6000"]);
  const nobody = answeringWith(null);
  createSendInterim(nobody.answering, () => 0)(104, { "Upload-Offset": "0" });
  assertEquals(nobody.sent, []);
});
