// The least that a server must do which keeps its bytes in a bucket and their count in a database: it puts the body of each
// request into an object, and commits the new count. It looks at nothing else, and lets anybody write at any time.
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { parseBucketAddress } from "../../../../server/storage/s3/address.ts";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { openBucket } from "../../../../server/storage/s3/open_bucket.ts";

const [database, address] = JSON.parse(Deno.args[0]!) as [string, string];
const connection = createConnection(database);
const { bucket } = openBucket(parseBucketAddress(address));
await connection.query("CREATE TABLE IF NOT EXISTS least (id int PRIMARY KEY, count bigint)");
await connection.query("INSERT INTO least VALUES (1, 0) ON CONFLICT DO NOTHING");

async function append(request: Request): Promise<Response> {
  const offset = Number(request.headers.get("upload-offset"));
  const bytes = await request.bytes();
  await bucket.put(`least/${offset}`, bodyOf(bytes));
  const end = offset + bytes.length;
  await connection.query("UPDATE least SET count = $1::text::bigint WHERE id = 1", [String(end)]);
  return new Response(null, { status: 204, headers: { "Upload-Offset": String(end) } });
}

function print(port: number): void {
  // deno-lint-ignore no-console -- printing its port is how it is found
  console.log(port);
}

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => print(port) }, async (request) => {
  if (request.method === "PATCH") return await append(request);
  return new Response(null, { status: 201, headers: { "Location": "/files/1" } });
});
