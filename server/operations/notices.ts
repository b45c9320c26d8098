/** The way to a service manager that listens on a socket, as systemd does (sd_notify). */
export interface Notices extends Disposable {
  /** Sends assignments such as `READY=1`, one a line. Rejects when the manager cannot be reached. */
  send(...assignments: readonly string[]): Promise<void>;
}

/** The options of {@linkcode openNotices}. */
export interface NoticesOptions {
  /** `NOTIFY_SOCKET`: the path of the manager's socket, or a name behind `@` for one that is in no folder. */
  readonly socket: string;
  /**
   * The path of this process' own socket, in a folder that nobody else writes to. Without one it has a name in no
   * folder, for which Deno wants all permissions.
   */
  readonly own?: string | undefined;
}

/** Opens the way to the manager. Throws when Deno or the system refuses it. */
export function openNotices({ socket, own = "" }: NoticesOptions): Notices {
  if (!/^[/@]./.test(socket)) throw new Error("NOTIFY_SOCKET must be a path, or a name behind @");
  const path = socket.replace(/^@/, "\0");
  // A process that was killed leaves its socket, and nobody can listen at a path that is there.
  if (own !== "") removeIfThere(own);
  const connection = Deno.listenDatagram({ transport: "unixpacket", path: own });
  return {
    async send(...assignments) {
      await connection.send(new TextEncoder().encode(assignments.join("\n")), { transport: "unixpacket", path });
    },
    [Symbol.dispose]() {
      connection.close();
      if (own !== "") removeIfThere(own);
    },
  };
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
