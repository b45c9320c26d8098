/** The known limits of the network between this computer and a server. They outlive a page. */
export interface NetworkPath {
  /** Bodies above this, in bytes, have been refused on the way. */
  largest?: number;
  /** Something on the way passes a body on only when it has it all, so that a broken request loses it all. */
  buffers?: boolean;
}
