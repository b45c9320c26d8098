import { assertEquals } from "@std/assert";
import { elementsOf, encodedForXml, textOf } from "../../../../server/storage/s3/xml.ts";

Deno.test("the elements of a name are found, and no others", () => {
  const xml =
    `<?xml version="1.0"?><R xmlns="x"><Part a="1"><PartNumber>1</PartNumber></Part><Part/><Parts>no</Parts>` +
    `<Part><PartNumber>2</PartNumber></Part><Empty></Empty></R>`;
  assertEquals(elementsOf(xml, "Part").map((part) => textOf(part, "PartNumber")), ["1", undefined, "2"]);
  assertEquals([textOf(xml, "Empty"), textOf(xml, "PartNumber"), textOf(xml, "None")], ["", "1", undefined]);
});

Deno.test("texts are decoded, and what is no entity stays", () => {
  assertEquals(textOf("<K> &lt;&#97;&#x62;&amp;&quot;&none;&#x110000; </K>", "K"), `<ab&"&none;&#x110000;`);
  assertEquals(textOf(`<K>${encodedForXml(`a<"&'>b`)}</K>`, "K"), `a<"&'>b`);
});

Deno.test("an answer that was cut off gives what it has, at once", () => {
  assertEquals([textOf("<Key>abc", "Key"), elementsOf("<Part>".repeat(200_000), "Part")], [undefined, []]);
});
