// The packages' own example. Runs in Node, with its types stripped, in the folder that has the packages; prints its port.
import { createServer, type RequestListener } from "node:http";
import process from "node:process";

interface TusPackages {
  readonly S3Store: new (options: object) => object;
  readonly Server: new (options: { path: string; datastore: object }) => { handle: RequestListener };
}

// Not the names themselves in the imports: Deno, which has no such packages, would look for them.
const [server, store] = ["@tus/server", "@tus/s3-store"] as const;
const { Server, S3Store }: TusPackages = { ...await import(server), ...await import(store) };

const { endpoint, bucket, region, key, secret, dir } = JSON.parse(process.argv[1] as string);
process.env.TMPDIR = dir;
const datastore = new S3Store({
  partSize: 8 * 1024 * 1024,
  s3ClientConfig: {
    bucket,
    region,
    endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    credentials: { accessKeyId: key, secretAccessKey: secret },
  },
});
const tus = new Server({ path: "/files", datastore });
const listener = createServer(tus.handle.bind(tus)).listen(0, "127.0.0.1", () => {
  const address = listener.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
