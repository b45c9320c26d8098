// Sends one file as the library's documentation does. Runs in Node, with its types stripped, in the folder that has the
// packages; prints what it took, without the start of the process.
import { createReadStream } from "node:fs";
import process from "node:process";

interface SdkPackages {
  readonly S3Client: new (options: object) => object;
  readonly Upload: new (options: object) => { done(): Promise<unknown> };
}

const [client, storage] = ["@aws-sdk/client-s3", "@aws-sdk/lib-storage"] as const;
const { S3Client, Upload }: SdkPackages = { ...await import(client), ...await import(storage) };

const { endpoint, bucket, region, key, secret, path, name } = JSON.parse(process.argv[1] as string);
const begin = performance.now();
const before = process.cpuUsage();
await new Upload({
  client: new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    credentials: { accessKeyId: key, secretAccessKey: secret },
  }),
  params: { Bucket: bucket, Key: name, Body: createReadStream(path, { highWaterMark: 1024 * 1024 }) },
  partSize: 8 * 1024 * 1024,
  queueSize: 4,
}).done();
const { user, system } = process.cpuUsage(before);
const turn = {
  seconds: (performance.now() - begin) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(`${JSON.stringify(turn)}\n`);
