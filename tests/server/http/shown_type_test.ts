import { assertEquals } from "@std/assert";
import { HEAD_BYTES, mayBeShown, shownType } from "../../../server/http/shown_type.ts";
import { typesByFirstBytes } from "../../../server/http/signatures.ts";
import { firstBytes, HTML, PNG, wav } from "../../support/first_bytes.ts";

const text = (content: string) => new TextEncoder().encode(content);

/** The first bytes of each format, and its usual type. */
const FORMATS: [head: Uint8Array, usual: string][] = [
  [PNG, "image/png"],
  [firstBytes('FF D8 FF E0 00 10 "JFIF"'), "image/jpeg"],
  [firstBytes('FF D8 FF E1 00 10 "Exif"'), "image/jpeg"],
  [firstBytes('"GIF87a"'), "image/gif"],
  [firstBytes('"GIF89a"'), "image/gif"],
  [firstBytes('"RIFF" 24 00 00 00 "WEBPVP8 "'), "image/webp"],
  [firstBytes('"BM" 36 00 03 00 00 00 00 00 36'), "image/bmp"],
  [firstBytes('"II" 2A 00'), "image/tiff"],
  [firstBytes('"MM" 00 2A'), "image/tiff"],
  [firstBytes("FF 0A"), "image/jxl"],
  [firstBytes('00 00 00 0C "JXL " 0D 0A 87 0A'), "image/jxl"],
  [firstBytes('00 00 00 1C "ftypavif"'), "image/avif"],
  [firstBytes('00 00 00 1C "ftypheic"'), "image/heic"],
  [firstBytes('00 00 00 1C "ftypmif1"'), "image/heif"],
  [firstBytes('00 00 00 1C "ftypisom"'), "video/mp4"],
  [firstBytes('00 00 00 1C "ftypM4A "'), "video/mp4"],
  [firstBytes('00 00 00 14 "ftypqt  "'), "video/quicktime"],
  [firstBytes("1A 45 DF A3"), "video/webm"],
  [firstBytes('"OggS" 00'), "audio/ogg"],
  [firstBytes('"fLaC"'), "audio/flac"],
  [wav(1), "audio/wav"],
  [firstBytes('"RIFF" 24 00 00 00 "AVI LIST"'), "video/x-msvideo"],
  [firstBytes('"FORM" 00 00 00 24 "AIFFCOMM"'), "audio/aiff"],
  [firstBytes('"FORM" 00 00 00 24 "AIFCFVER"'), "audio/aiff"],
  [firstBytes('"ID3" 04'), "audio/mpeg"],
  [firstBytes("FF FB 90 64"), "audio/mpeg"],
  [firstBytes("FF F3 40 C4"), "audio/mpeg"],
  [firstBytes("FF F1 50 80"), "audio/aac"],
  [firstBytes("FF F9 50 80"), "audio/aac"],
  [firstBytes('"MThd" 00 00 00 06'), "audio/midi"],
  [firstBytes('"#!AMR" 0A'), "audio/amr"],
  [firstBytes('".snd" 00 00 00 18'), "audio/basic"],
  [firstBytes("30 26 B2 75 8E 66 CF 11 A6 D9"), "video/x-ms-wmv"],
  [firstBytes('"FLV" 01'), "video/x-flv"],
  [firstBytes("00 00 01 BA"), "video/mpeg"],
  [firstBytes("00 00 01 B3"), "video/mpeg"],
  [transportStream(), "video/mp2t"],
  [firstBytes('"%PDF-1.7"'), "application/pdf"],
];

function transportStream(): Uint8Array {
  const head = new Uint8Array(600);
  for (let at = 0; at < head.length; at += 188) head[at] = 0x47;
  return head;
}

/** Content that no signature is for. */
const OTHERS = [
  new Uint8Array(),
  new Uint8Array([0xff]),
  new Uint8Array(600),
  HTML,
  text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
  text("BM is how this text begins"),
  text("GIF89"),
  text("G is one byte of a transport stream"),
  text(" %PDF-1.7"),
  text("Go on"),
  firstBytes('"PK" 03 04'),
  firstBytes('7F "ELF"'),
  firstBytes('"RIFF" 24 00 00 00 "CDDA"'),
  firstBytes('"OggX"'),
  // Headers of audio frames with a bit rate, a sample rate, a version or a layer that does not exist.
  firstBytes("FF FB F0 00"),
  firstBytes("FF FB 9C 00"),
  firstBytes("FF EB 90 00"),
  firstBytes("FF FF 90 00"),
  firstBytes("FF F1 FC 00"),
];

Deno.test("typesByFirstBytes() knows each format that a browser shows or plays, and no other", () => {
  for (const [head, usual] of FORMATS) assertEquals(typesByFirstBytes(head)[0], usual);
  for (const head of OTHERS) assertEquals(typesByFirstBytes(head), []);
});

Deno.test("typesByFirstBytes() knows no format by less than its signature", () => {
  for (const [head, usual] of FORMATS) {
    if (usual !== "image/jxl") assertEquals([usual, typesByFirstBytes(head.subarray(0, 2))], [usual, []]);
  }
});

Deno.test("every type that the first bytes can tell is one that may be shown", () => {
  for (const [head] of FORMATS) {
    for (const type of typesByFirstBytes(head)) assertEquals([type, mayBeShown(type)], [type, true]);
  }
});

Deno.test("shownType() goes by the bytes, within the kind that was claimed", () => {
  const jpeg = firstBytes("FF D8 FF E0");
  const mp4 = firstBytes('00 00 00 1C "ftypisom"');
  const table: [claimed: string | undefined, head: Uint8Array, shown: string | undefined][] = [
    ["image/png", PNG, "image/png"],
    ["IMAGE/PNG", PNG, "image/png"],
    ["image/png; a=b", PNG, "image/png"],
    ["image/png", jpeg, "image/jpeg"],
    ["image/x-unknown", jpeg, undefined],
    ["video/mp4", mp4, "video/mp4"],
    ["audio/mp4", mp4, "audio/mp4"],
    ["audio/x-m4a", mp4, "audio/x-m4a"],
    ["video/quicktime", mp4, "video/mp4"],
    ["video/x-matroska", firstBytes("1A 45 DF A3"), "video/x-matroska"],
    ["audio/x-wav", wav(1), "audio/x-wav"],
    ["audio/mpeg", wav(1), "audio/wav"],
    ["application/pdf", firstBytes('"%PDF-1.4"'), "application/pdf"],
    // Another kind than was claimed.
    ["image/png", mp4, undefined],
    ["video/mp4", PNG, undefined],
    ["application/pdf", PNG, undefined],
    ["text/plain", PNG, undefined],
    ["image/png", firstBytes('"%PDF-1.4"'), undefined],
    // A page, a script and nothing, under the name of a picture.
    ["image/png", HTML, undefined],
    ["image/gif", text("alert(1)"), undefined],
    ["image/png", new Uint8Array(), undefined],
    ["application/pdf", HTML, undefined],
    // A picture that nobody called one.
    [undefined, PNG, undefined],
    ["application/octet-stream", PNG, undefined],
  ];
  for (const [claimed, head, shown] of table) {
    assertEquals([claimed, shownType(claimed, head)], [claimed, shown]);
  }
});

Deno.test("shownType() shows no type that a browser runs, whatever the bytes are", () => {
  const types = ["text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "text/xml"];
  types.push(
    "application/json",
    "application/wasm",
    "application/xhtml+xml",
    "text/csv",
    "text/vtt",
    "multipart/mixed",
  );
  types.push("text/cache-manifest", "application/manifest+json", "", "text/plain\n", "text/plain, text/html");
  types.push("image/png,text/html", "text/plainx", "xtext/plain", "*/*");
  for (const type of types) {
    for (const head of [PNG, HTML, text("Hello")]) assertEquals([type, shownType(type, head)], [type, undefined]);
    assertEquals([type, mayBeShown(type)], [type, false]);
  }
});

Deno.test("shownType() shows text that was called text, and names its encoding if the bytes tell it", () => {
  const table: [head: Uint8Array, shown: string | undefined][] = [
    [text("Hello\r\n\tworld\f"), "text/plain; charset=UTF-8"],
    [new Uint8Array(), "text/plain; charset=UTF-8"],
    [text("Привет"), "text/plain; charset=UTF-8"],
    // A character that is cut at the end.
    [text("Привет").subarray(0, 5), "text/plain; charset=UTF-8"],
    [HTML, "text/plain; charset=UTF-8"],
    [new Uint8Array([0xcf, 0xf0, 0xe8]), "text/plain"],
    [new Uint8Array([0xff, 0xfe, 0x41, 0]), "text/plain"],
    [new Uint8Array([0xfe, 0xff, 0, 0x41]), "text/plain"],
    [text("a\0b"), undefined],
    [text("a\x1bb"), "text/plain; charset=UTF-8"],
    [text("a\x1ab"), undefined],
    [firstBytes('7F "ELF"'), undefined],
  ];
  for (const [head, shown] of table) {
    assertEquals(shownType("text/plain", head.subarray(0, HEAD_BYTES)), shown);
    assertEquals(shownType("text/plain; charset=windows-1252", head), shown);
  }
});
