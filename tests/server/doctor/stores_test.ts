import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { doctor } from "../../../server/commands/doctor.ts";
import { bucketServerOf, policyLines } from "../../../server/doctor/bucket_policy.ts";
import { databaseFindings } from "../../../server/doctor/database_findings.ts";
import { storeLines } from "../../../server/doctor/store_report.ts";
import type { DatabaseSeen } from "../../../server/doctor/look_database.ts";
import { type FakeS3, type S3Faults, startFakeS3 } from "../../support/fake_s3.ts";

/** Runs `doctor --bucket` with these variables, and gives the exit code and all lines. */
async function looked(variables: Record<string, string>, args: readonly string[] = [], monotonic = () => 0) {
  const [printed, told]: [string[], string[]] = [[], []];
  const code = await doctor(["--bucket", ...args], {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
    env: (name) => variables[name],
    signal: new AbortController().signal,
    now: Date.now,
    monotonic,
  });
  return { code, text: printed.join("\n"), told };
}

async function lookedAt(faults: S3Faults): Promise<{ code: number; text: string; server: FakeS3; findings: string[] }> {
  await using server = startFakeS3(faults);
  const { code, text: json } = await looked({ PAWL_BUCKET: server.address }, ["--json"], server.monotonic);
  const { stores } = JSON.parse(json);
  const findings = stores[0].findings.map(({ code }: { code: string }) => code);
  return { code, text: storeLines(stores).join("\n"), server, findings };
}

Deno.test("a bucket that does all: nothing is wrong, every step is told, and nothing is left in it", async () => {
  const { code, text, server, findings } = await lookedAt({});
  assertEquals([code, findings, server.keys()], [0, [], []]);
  for (const line of ["Putting an object works", "Aborting a multipart upload works", "The clocks agree"]) {
    assertStringIncludes(text, `  ok    ${line}\n`);
  }
  assertMatch(text, /^The bucket http:\/\/127\.0\.0\.1:\d+\/uploads\n/);
  assertMatch(text, /Servers can run on these$/);
  assertEquals(/secret|FAULT|note |Not looked/.test(text), false, text);
});

const IN_THE_WAY: readonly (readonly [what: string, S3Faults, code: string, says: RegExp])[] = [
  [
    "no right to put",
    { denied: ["s3:PutObject"] },
    "no-put",
    /allow the key s3:PutObject[^]*"s3:AbortMultipartUpload"/,
  ],
  ["no right to remove", { denied: ["s3:DeleteObject"] }, "no-remove", /Could not remove incoming\/\.probe-/],
  ["no right to list uploads", { denied: ["s3:ListBucketMultipartUploads"] }, "no-list-multiparts", /MultipartUploads/],
  [
    "no right to list parts",
    { denied: ["s3:ListMultipartUploadParts"] },
    "no-list-parts",
    /s3:ListMultipartUploadParts/,
  ],
  ["no right to abort", { denied: ["s3:AbortMultipartUpload"] }, "no-abort", /Aborting a multipart upload fails/],
  ["no metadata", { dropsMetadata: true }, "no-metadata", /does not keep x-amz-meta-/],
  ["no ranges", { ignoresRange: true }, "no-range", /does not give the bytes of .* that were asked for/],
  ["no MD5", { ignoresMd5: true }, "md5", /Without TLS a part that is damaged/],
  ["public objects", { isPublic: true }, "public", /Anybody can read the objects, without a key/],
  ["another clock", { skewMs: -20 * 60_000 }, "clock", /1[12]\d\d s behind this one/],
  [
    "old versions that stay",
    { versioning: "<Status>Enabled</Status>" },
    "versioning",
    /<NoncurrentDays>1<\/NoncurrentDays>/,
  ],
  [
    "a rule that removes unfinished uploads",
    { lifecycle: rule("all", "", "<Expiration><Days>3</Days></Expiration>") },
    "lifecycle-incoming",
    /rule "all" removes objects below incoming\/ after 3 days/,
  ],
  [
    "a rule that archives unfinished uploads",
    { lifecycle: rule("cold", "inc", "<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>") },
    "lifecycle-incoming",
    /rule "cold" moves objects below incoming\/ to another class/,
  ],
  [
    "Object Lock",
    { objectLock: "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>" },
    "object-lock",
    /Object Lock keeps each object for a time/,
  ],
];

for (const [what, faults, code, says] of IN_THE_WAY) {
  Deno.test(`a bucket with ${what} is told, with what to do`, async () => {
    const seen = await lookedAt(faults);
    assert(seen.findings.includes(code), `${seen.findings}`);
    assertEquals(seen.code, 1);
    assertMatch(seen.text, says);
    assertMatch(seen.text, /wrong: docs\/scale\.md$/);
  });
}

const NOTED: readonly (readonly [what: string, S3Faults, code: string])[] = [
  ["no conditional writes (501)", { conditional: 501 }, "conditional"],
  ["conditional writes that it does not heed", { conditional: "ignored" }, "conditional"],
  ["a slow PUT", { putMs: 170 }, "slow"],
  ["a rule for finished files", {
    lifecycle: rule("year", "files/", "<Expiration><Days>365</Days></Expiration>"),
  }, "lifecycle-files"],
];

for (const [what, faults, code] of NOTED) {
  Deno.test(`a bucket with ${what} can be used, and gets a note`, async () => {
    const seen = await lookedAt(faults);
    assertEquals([seen.code, seen.findings], [0, [code]]);
  });
}

Deno.test("old versions that a rule removes, and rules that are switched off or for objects with a tag, are fine", async () => {
  const removed = rule(
    "old",
    "incoming/",
    "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>",
  );
  const off = rule("off", "", "<Expiration><Days>1</Days></Expiration>", "Disabled");
  const tagged = rule("tagged", "", "<Tag><Key>a</Key><Value>b</Value></Tag><Expiration><Days>1</Days></Expiration>");
  const lifecycle = removed + off + tagged;
  const { code, findings } = await lookedAt({ versioning: "<Status>Enabled</Status>", lifecycle });
  assertEquals([code, findings], [0, []]);
});

Deno.test("a bucket that is not reached, or refuses the key, is told with exit code 2, and so is no bucket at all", async () => {
  const nobody = await looked({ PAWL_BUCKET: "http://key:secret@127.0.0.1:9/uploads" });
  assertEquals(nobody.code, 2);
  assertMatch(nobody.text, /FAULT The bucket .* cannot be used: .* look at the address/);
  await using server = startFakeS3({ denied: ["s3:ListBucket"] });
  const refused = await looked({ PAWL_BUCKET: server.address });
  assertEquals(refused.code, 2);
  assertMatch(refused.text, /allow the key s3:ListBucket/);
  assertEquals(await looked({}), { code: 2, text: "", told: ["Say which bucket by PAWL_BUCKET, as for a server"] });
  const wrong = await looked({ PAWL_BUCKET: "https://host/a/b" });
  assertEquals(wrong.code, 2);
  assertMatch(wrong.told.join("\n"), /must have one name behind the host/);
  const both = await looked({}, ["https://up.example"]);
  assertEquals(both.code, 2);
});

Deno.test("the secret of a bucket may stand in a file", async () => {
  await using server = startFakeS3();
  const path = await Deno.makeTempFile({ prefix: "pawl-test-" });
  try {
    await Deno.writeTextFile(path, `${server.address}\n`);
    const { code, text } = await looked({ PAWL_BUCKET_FILE: path });
    assertEquals([code, /secret/.test(text)], [0, false]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the policy has the rights on the bucket and on its objects, and says how each server takes it", () => {
  const lines = policyLines({ bucket: "uploads", server: undefined });
  const policy = JSON.parse(lines.filter((line) => !line.startsWith("#")).join("\n"));
  assertEquals(policy.Statement.map(({ Resource }: { Resource: string[] }) => Resource), [
    ["arn:aws:s3:::uploads"],
    ["arn:aws:s3:::uploads/*"],
  ]);
  assertMatch(policyLines({ bucket: "b", server: "MinIO" })[0]!, /mc admin policy/);
  assertEquals(policyLines({ bucket: "b", server: "R2" }).length, 1);
  assertEquals(
    [
      bucketServerOf("s3.eu-central-1.amazonaws.com", {}),
      bucketServerOf("x.r2.cloudflarestorage.com", {}),
      bucketServerOf("a", { server: "MinIO" }),
      bucketServerOf("a", { "x-amz-request-id": "tx00000b1c8d2f4a5e6b7c8-0062a1b2c3-1047-default" }),
      bucketServerOf("a", {}),
    ],
    ["AWS", "R2", "MinIO", "Ceph", undefined],
  );
});

const SOUND: DatabaseSeen = {
  version: 150_018,
  versionText: "15.18",
  isReadOnly: false,
  schema: "public",
  mayCreate: true,
  encoding: "UTF8",
  settings: { fsync: true, fullPageWrites: true, synchronousCommit: "on", idleSessionMs: 0 },
  syncStandbys: 1,
  hearsItself: true,
  statementMs: 1,
  tables: 1,
  knownTables: 1,
  bucket: "b",
  freeConnections: 90,
};

Deno.test("each fault of a database is found alone, and a sound one has none", () => {
  const found = (change: Partial<DatabaseSeen>) =>
    databaseFindings({ ...SOUND, ...change }, "b").findings.map(({ level, code }) => `${level} ${code}`);
  const { settings } = SOUND;
  assertEquals(found({}), []);
  assertEquals(databaseFindings(SOUND, "b").fine.length, 12);
  assertEquals(found({ version: 120_022 }), ["fault old-database"]);
  assertEquals(found({ isReadOnly: true }), ["fault read-only"]);
  assertEquals(found({ mayCreate: false, tables: 0 }), ["fault no-create"]);
  // Tables that are there need no right to make some.
  assertEquals(found({ mayCreate: false }), []);
  assertEquals(found({ encoding: "SQL_ASCII" }), ["fault encoding"]);
  assertEquals(found({ hearsItself: false }), ["fault deaf"]);
  assertEquals(found({ settings: { ...settings, fsync: false } }), ["fault not-durable"]);
  assertEquals(found({ settings: { ...settings, synchronousCommit: "off" } }), ["fault not-durable"]);
  assertEquals(found({ syncStandbys: 0 }), ["note no-standby"]);
  assertEquals(found({ settings: { ...settings, synchronousCommit: "local" } }), ["note no-standby"]);
  assertEquals(found({ syncStandbys: undefined }), ["note standby-unknown"]);
  assertEquals(found({ settings: { ...settings, idleSessionMs: 5000 } }), ["note idle-timeout"]);
  assertEquals(found({ statementMs: 30 }), ["note slow-database"]);
  assertEquals(found({ freeConnections: 3 }), ["note few-connections"]);
  assertEquals(found({ tables: 2 }), ["fault newer-tables"]);
  assertEquals(found({ bucket: "other" }), ["fault other-bucket"]);
  assertEquals(found({ bucket: undefined, tables: 0 }), []);
});

function rule(id: string, prefix: string, action: string, status = "Enabled"): string {
  return `<Rule><ID>${id}</ID><Filter><Prefix>${prefix}</Prefix></Filter><Status>${status}</Status>${action}</Rule>`;
}
