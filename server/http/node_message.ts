import { IncomingMessage } from "node:http";

/** Takes the body of a message as the parser gives it. */
export interface BodySink {
  /** Takes a piece. False when nothing more is to be read from the connection for now; the pieces of one read still come. */
  take(piece: Uint8Array): boolean;
  /** Says that the whole body came. */
  end(): void;
}

/**
 * A request as `node:http` has it, whose body can go straight from the parser to a {@linkcode BodySink}. The queue and
 * the events of the message cost more than the parser does, and hold each piece until the garbage collector comes.
 */
export class NodeMessage extends IncomingMessage {
  /** True when the client asks for another protocol. What it sent in one piece behind this request is lost then. */
  asksForUpgrade = false;
  #sink: BodySink | undefined;

  /** Gives the pieces that come from now on to a sink; without one they go into the message's queue again. */
  sendTo(sink: BodySink | undefined): void {
    this.#sink = sink;
  }

  override push(piece: Uint8Array | null, encoding?: BufferEncoding): boolean {
    const sink = this.#sink;
    if (sink === undefined) return super.push(piece, encoding);
    if (piece !== null) return sink.take(piece);
    // The message itself must know of its end, too.
    const wantsMore = super.push(null);
    sink.end();
    return wantsMore;
  }
}
