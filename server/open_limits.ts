import type { Config } from "./config/config.ts";
import type { Limits } from "./uploads/engine_deps.ts";
import type { CountLimits } from "./uploads/limiting.ts";

/** The engine's limits. They follow the configuration, but for those that `fixed` overrides. */
export function limitsOf(config: Config, fixed: Partial<Limits> = {}): Limits {
  return {
    rememberGoneMs: 24 * 3_600_000,
    checkpointBytes: 16 * 2 ** 20,
    checkpointMs: 5000,
    patience: { waitMs: 1000, silenceMs: 500 },
    appendPatience: { waitMs: 1000, silenceMs: 100 },
    ...fixed,
    get maxBytes() {
      return fixed.maxBytes ?? config.maxBytes;
    },
    get idleMs() {
      return fixed.idleMs ?? config.idleMs;
    },
    get minBytesPerSecond() {
      return fixed.minBytesPerSecond ?? config.minBytesPerSecond;
    },
    get expireAfterMs() {
      return fixed.expireAfterMs ?? config.expireAfterMs;
    },
  };
}

/** The limits of what uploads count for. They follow the configuration. */
export function countLimitsOf(config: Config): CountLimits {
  return {
    quota: {
      get ownerBytes() {
        return config.quotaBytes;
      },
      get totalBytes() {
        return config.totalBytes;
      },
    },
    get maxUnfinished() {
      return config.maxUnfinished;
    },
    get maxBegunPerSecond() {
      return config.maxBegunPerSecond;
    },
    get maxFolders() {
      return config.maxFolders;
    },
  };
}
