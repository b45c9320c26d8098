/**
 * Uploads files to a Pawl server, and goes on from the exact byte that the server holds, whatever breaks in between.
 *
 * @module
 */
export { type Clock, systemClock } from "./async/clock.ts";
export type { Locks } from "./memory/locks.ts";
export { fileKey, type FileLook, isSameFile, type KnownBy } from "./memory/keys.ts";
export type { NetworkPath } from "./memory/network_path.ts";
export { type Unfinished, UploadStore, type UploadStoreOptions } from "./memory/upload_store.ts";
export type { Fingerprint } from "./protocol/piece.ts";
export type { Problem, ProblemCode } from "./protocol/problem.ts";
export type { OutgoingRequest, RequestHeaders, RequestHooks } from "./protocol/request_hooks.ts";
export type { Transport, TransportAnswer, TransportRequest } from "./protocol/transport.ts";
export { UploadError, type UploadErrorCode } from "./protocol/upload_error.ts";
export type { AboutFile, QueueEvents, QueueOptions } from "./queue/queue_options.ts";
export type { QueueLimits } from "./queue/limits.ts";
export type { QueuedProgress, QueuedState, QueuedUpload } from "./queue/queued_upload.ts";
export type { Total } from "./queue/total.ts";
export { type UnfinishedOptions, UnfinishedUploads } from "./queue/unfinished_uploads.ts";
export { UploadQueue } from "./queue/upload_queue.ts";
export type { FingerprintOf } from "./upload/fingerprint.ts";
export type { UploaderOptions } from "./upload/options.ts";
export type { Progress, UploaderEvents, UploadState } from "./upload/progress.ts";
export { RequestSizes, type RequestSizesOptions } from "./upload/request_sizes.ts";
export { Uploader } from "./upload/uploader.ts";
