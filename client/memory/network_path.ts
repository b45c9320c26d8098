/** What is known of the network between this computer and a server; it outlives a page. */
export interface NetworkPath {
  /** Bodies above this, in bytes, have been refused on the way. */
  largest?: number;
  /** Something on the way passes a body on only when it has it all, so that a broken request loses it all. */
  buffers?: boolean;
}
