/**
 * Uploads files to a Pawl server, and goes on from the exact byte that the server holds, whatever breaks in between.
 *
 * @example One file, by a transport of your own in the place of XMLHttpRequest
 * ```ts
 * import { type Transport, Uploader } from "@pawl/client";
 *
 * // A server that has every file already.
 * const transport: Transport = () => Promise.resolve({ status: 200, headers: new Headers({ "Upload-Complete": "?1" }), text: "5" });
 * const uploader = new Uploader({ file: new Blob(["hello"]), name: "hello.txt", transport });
 * uploader.on("state", (state) => console.log(state));
 * if (!await uploader.upload()) throw new Error("It was stopped");
 * if (uploader.progress.confirmed !== 5) throw new Error("Not all of it is safe");
 * ```
 *
 * @example Metadata of your own, which the server keeps with the upload
 * ```ts
 * import { type Transport, Uploader } from "@pawl/client";
 *
 * let sent: string | undefined;
 * const transport: Transport = ({ headers }) => {
 *   sent = headers["X-File-Metadata"];
 *   return Promise.resolve({ status: 200, headers: new Headers({ "Upload-Complete": "?1" }), text: "5" });
 * };
 * const metadata = { note: "für Anna", album: "7" };
 * await new Uploader({ file: new Blob(["hello"]), name: "hello.txt", metadata, transport }).upload();
 * if (sent !== "note=f%C3%BCr%20Anna,album=7") throw new Error("It was not told");
 * ```
 *
 * @example A sign-in that is asked for when the server wants one
 * ```ts
 * import { type Transport, Uploader } from "@pawl/client";
 *
 * // A server that knows the new token alone.
 * const transport: Transport = ({ headers }) => {
 *   const isSignedIn = headers["Authorization"] === "Bearer new";
 *   return Promise.resolve({ status: isSignedIn ? 200 : 401, headers: new Headers({ "Upload-Complete": "?1" }), text: "5" });
 * };
 * let token = "old";
 * const uploader = new Uploader({
 *   file: new Blob(["hello"]),
 *   name: "hello.txt",
 *   transport,
 *   headers: () => ({ Authorization: `Bearer ${token}` }),
 *   onSignedOut: async () => void (token = await Promise.resolve("new")),
 * });
 * if (!await uploader.upload()) throw new Error("It was stopped");
 * ```
 *
 * @example Many files, within limits
 * ```ts
 * import { type Transport, UploadQueue } from "@pawl/client";
 *
 * const transport: Transport = () => Promise.resolve({ status: 200, headers: new Headers({ "Upload-Complete": "?1" }), text: "5" });
 * const queue = new UploadQueue({ transport, accept: ".txt", maxFiles: 100 });
 * queue.add(new Blob(["hello"]), { name: "hello.txt" });
 * const refused = queue.add(new Blob(["hello"]), { name: "hello.exe" });
 * await queue.idle;
 * if (queue.total.in.done !== 1) throw new Error("It is not there");
 * if (refused.progress.error?.code !== "not-accepted") throw new Error("It was taken");
 * ```
 *
 * @module
 */
export { type Clock, systemClock } from "./async/clock.ts";
export type { Locks } from "./memory/locks.ts";
export { fileKey, type FileLook, isSameFile, type KnownBy } from "./memory/keys.ts";
export type { NetworkPath } from "./memory/network_path.ts";
export { type Unfinished, UploadStore, type UploadStoreOptions } from "./memory/upload_store.ts";
export type { UploaderStore } from "./memory/path_store.ts";
export { createFetchTransport, type Fetch } from "./protocol/fetch_transport.ts";
export type { Metadata } from "./protocol/metadata.ts";
export type { Fingerprint } from "./protocol/piece.ts";
export type { Problem, ProblemCode } from "./protocol/problem.ts";
export type { OutgoingRequest, RequestHeaders, RequestHooks } from "./protocol/request_hooks.ts";
export { type OnSignedOut, SignIns } from "./protocol/sign_ins.ts";
export type { Transport, TransportAnswer, TransportRequest } from "./protocol/transport.ts";
export { UploadError, type UploadErrorCode } from "./protocol/upload_error.ts";
export type { AboutFile, QueueEvents, QueueOptions } from "./queue/queue_options.ts";
export type { QueueLimits } from "./queue/limits.ts";
export type { QueuedProgress, QueuedState, QueuedUpload } from "./queue/queued_upload.ts";
export {
  type BatchLimits,
  type Room,
  ServerLimits,
  type ServerLimitsOptions,
  type ToldLimits,
} from "./queue/server_limits.ts";
export type { Total } from "./queue/total.ts";
export { type UnfinishedOptions, UnfinishedUploads } from "./queue/unfinished_uploads.ts";
export { UploadQueue } from "./queue/upload_queue.ts";
export type { FingerprintOf, PiecePlace } from "./upload/fingerprint.ts";
export type { UploaderOptions } from "./upload/options.ts";
export type { Progress, UploaderEvents, UploadState } from "./upload/progress.ts";
export { RequestSizes, type RequestSizesOptions } from "./upload/request_sizes.ts";
export { type SeatCount, Seats, type SeatsOptions } from "./upload/seats.ts";
export { Uploader } from "./upload/uploader.ts";
