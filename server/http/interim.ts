/**
 * Sends an interim response of a request: its status, 100 to 199, and its headers (RFC 9110, section 15.2). It never
 * throws, and does nothing where none can be sent any more: behind the final answer, and after the client has gone.
 */
export type SendInterim = (status: number, headers: Readonly<Record<string, string>>) => void;
