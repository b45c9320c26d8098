/** The known limits of the network between this computer and a server. They outlive a page. */
export interface NetworkPath {
  /** The size in bytes above which something on the way has refused bodies. */
  largest?: number;
  /**
   * True when something on the way passes a body on only when it has all of it. A broken request loses everything then.
   */
  buffers?: boolean;
}
