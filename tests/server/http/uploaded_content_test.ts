import { assertEquals, assertMatch } from "@std/assert";
import { uploadedContentHeaders } from "../../../server/http/uploaded_content.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

const BYTES = "application/octet-stream";

Deno.test("a file of any name and type is bytes where a browser would run it", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (const name of ["a.html", "a.js", "a.mjs", "a.css", "a.svg", "a.xml", "a.json", "a.wasm", "a", "a.xhtml"]) {
    const { headers } = await client.send(name, 0, "x", { "X-File-Name": name });
    const { headers: served } = await pawl.app(
      new Request(`http://localhost${headers.get("location")}`, { method: "HEAD" }),
    );
    assertEquals([name, served.get("content-type")], [name, BYTES]);
  }
});

Deno.test("every answer below /files/ says that it is not to be run, guessed, framed or put into another page", async () => {
  await using pawl = await openTestApp();
  const { headers } = await simpleClient(pawl.app).send("a", 0, "x");
  const file = headers.get("location");
  const requests = [`GET ${file}`, `HEAD ${file}`, `OPTIONS ${file}`, `PUT ${file}`, `PATCH ${file}`, `POST ${file}`];
  requests.push("GET /files", "GET /files/", "POST /files/", "OPTIONS /files/", "GET /files/x", "GET /files/a/b");
  requests.push("GET /files/AAAAAAAAAAAAAAAAAAAAAA", `DELETE ${file}`, `GET ${file}`, "BREW /files/x");
  for (const line of requests) {
    const [method = "", path = ""] = line.split(" ");
    const { headers, body } = await pawl.app(new Request(`http://localhost${path}`, { method }));
    await body?.cancel();
    assertEquals([line, headers.get("x-content-type-options")], [line, "nosniff"]);
    assertMatch(headers.get("content-security-policy") ?? "", /^sandbox; default-src 'none'/);
    assertEquals([line, headers.get("cross-origin-resource-policy")], [line, "same-origin"]);
  }
});

Deno.test("pages of other origins put a file in by a tag only where all of them may use the server", () => {
  const policy = (origins: string[]) => uploadedContentHeaders(origins)["Cross-Origin-Resource-Policy"];
  assertEquals([[], ["https://a.example"], ["*"]].map(policy), ["same-origin", "same-origin", "cross-origin"]);
});
