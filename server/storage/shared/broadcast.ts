/** Messages from each instance to all others. Some may be lost. */
export interface Broadcast {
  /** Sends a text of at most 7000 bytes to all other instances. Rejects when that is not possible now. */
  send(text: string): Promise<void>;
  /** Calls `heard` with each text that another instance sends, and with a name that stays the same for that instance. */
  listen(heard: (text: string, from: string) => void): void;
}
