import type { Config } from "../../config/config.ts";
import type { SendInterim } from "../../http/interim.ts";
import { versionHeader } from "./fields.ts";
import type { Rules } from "./versions.ts";

/** The status Upload Resumption Supported (section 5 of the draft). */
const UPLOAD_RESUMPTION_SUPPORTED = 104;

/** Tells a client, before its answer, of the upload that its request brings bytes for. */
export interface Interim {
  /** The upload has begun at this address, with these limits as headers. */
  begun(address: string, limits: Readonly<Record<string, string>>): void;
  /** So many bytes are safe. */
  safe(offset: number): void;
}

/**
 * Makes what tells a client; `undefined` where nothing may be told: no interim response goes to a client that names no
 * version, or one that Pawl does not speak (appendix B of the draft), unless the operator wants all to get them.
 */
export function interimOf(
  rules: Rules,
  send: SendInterim | undefined,
  mode: Config["interim"],
): Interim | undefined {
  if (send === undefined || rules.version === undefined && mode !== "on") return undefined;
  const { progress } = rules;
  let location: Record<string, string> = {};
  return {
    begun(address, limits) {
      location = { "Location": address };
      send(UPLOAD_RESUMPTION_SUPPORTED, { ...versionHeader(rules), ...location, ...limits });
    },
    safe(offset) {
      if (progress === undefined) return;
      const more = progress === "offset-and-location" ? location : {};
      send(UPLOAD_RESUMPTION_SUPPORTED, { ...versionHeader(rules), ...more, "Upload-Offset": String(offset) });
    },
  };
}
