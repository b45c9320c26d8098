import { assertEquals } from "@std/assert";
import { Lane } from "./lane.ts";

const packet = (fill: number) => new Uint8Array(1500).fill(fill);

/** What has arrived until then, as the connection and the number of bytes. */
function arrivals(lane: Lane<string>, now: number): (string | number)[][] {
  return lane.arrived(now).map(({ connection, bytes }) => [connection, bytes.length]);
}

Deno.test("a lane of 150 ms brings bytes after half of that, and after the time that they take to leave", () => {
  const lane = new Lane<string>({ rttMs: 150, bytesPerSecond: 150_000 });
  lane.add("a", packet(1), 1000);
  assertEquals(arrivals(lane, 1000), []);
  assertEquals(lane.next, 1085);
  assertEquals(arrivals(lane, 1084), []);
  assertEquals(arrivals(lane, 1085), [["a", 1500]]);
  assertEquals(lane.next, undefined);
});

Deno.test("connections share a lane packet by packet, so a short one need not wait for a long one", () => {
  const lane = new Lane<string>({ rttMs: 0, bytesPerSecond: 150_000 });
  lane.add("long", new Uint8Array(6000), 0);
  lane.add("short", new Uint8Array(100), 0);
  assertEquals(arrivals(lane, 50), [["long", 1500], ["short", 100], ["long", 1500], ["long", 1500], ["long", 1500]]);
});

Deno.test("a lane that is looked at late has carried as much as in time, and nothing for the time that it was idle", () => {
  const lane = new Lane<string>({ rttMs: 0, bytesPerSecond: 150_000 });
  lane.add("a", new Uint8Array(15_000), 0);
  assertEquals(arrivals(lane, 55).length, 5);
  assertEquals(arrivals(lane, 1000).length, 5);
  lane.add("a", new Uint8Array(15_000), 1000);
  assertEquals(arrivals(lane, 1010).length, 1);
});

Deno.test("a lane without a bound keeps the order of bytes when it becomes shorter, and drops a connection", () => {
  const lane = new Lane<string>({ rttMs: 100, bytesPerSecond: Infinity });
  lane.add("a", packet(1), 0);
  assertEquals(arrivals(lane, 0), []);
  lane.set({ rttMs: 0, bytesPerSecond: Infinity });
  lane.add("a", packet(2), 10);
  lane.add("gone", packet(3), 10);
  lane.drop("gone");
  assertEquals(arrivals(lane, 49), []);
  assertEquals(lane.arrived(50).map(({ bytes }) => bytes[0]), [1, 2]);
});
