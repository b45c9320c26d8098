import { assertEquals } from "@std/assert";
import { endpointAt } from "../../../client/page/server.ts";
import { pathOnServer } from "../../../client/protocol/address.ts";

Deno.test("the page knows by its address below which path the server lies", () => {
  const table: readonly [address: string, top: string | undefined, endpoint: string][] = [
    ["http://localhost:8080/", "./", ""],
    ["http://localhost:8080/index.html", "./", ""],
    ["http://localhost:8080/u/pawl_x", "../", ""],
    ["https://up.example/a/files-in/?review=1#x", "./", "/a/files-in"],
    ["https://up.example/files-in/u/pawl_x", "../", "/files-in"],
    ["https://up.example/files-in/", undefined, ""],
  ];
  for (const [address, top, endpoint] of table) assertEquals(endpointAt({ top, address }), endpoint);
});

Deno.test("the path of an upload has none of the folders by which clients reach the server", () => {
  const table: readonly [told: string, path: string][] = [
    ["/files/x", "/files/x"],
    ["/files/files/x", "/files/x"],
    ["/a/b/files/x", "/files/x"],
    ["/other/x", "/other/x"],
    ["https://up.example/in/files/x", "https://up.example/in/files/x"],
  ];
  for (const [told, path] of table) assertEquals(pathOnServer(told), path);
});
