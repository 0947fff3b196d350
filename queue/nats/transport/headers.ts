/**
 * The headers of messages, without the client's own class for them, which takes
 * several times as long.
 *
 * @module
 */
import type { Msg, MsgHdrs } from "./client.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns the value of a header; an empty text if there is none. */
export type HeaderReader = (name: string) => string;

/** Returns headers for the client, which uses nothing but their bytes. */
export function headersOf(record: Record<string, string>): MsgHdrs {
  let text = "NATS/1.0\r\n";
  for (const name in record) {
    const value = record[name]!;
    if (/[\r\n]/.test(value)) {
      throw new TypeError(
        `Cannot publish: the header ${name} is one line, received more`,
      );
    }
    text += `${name}: ${value}\r\n`;
  }
  const encode = () => encoder.encode(`${text}\r\n`);
  return { encode } as unknown as MsgHdrs;
}

/** What the client keeps of a message that it has received. */
interface ReceivedMessage {
  /** The headers, and then the data. */
  readonly _rdata: Uint8Array;
  /** How long the headers are; -1 if there are none. */
  readonly _msg: { readonly hdr: number };
}

/** Reads the headers of a message that was received. */
export function headersIn(message: Msg): HeaderReader {
  const { _rdata, _msg } = message as unknown as ReceivedMessage;
  return readHeaders(_rdata.subarray(0, Math.max(_msg.hdr, 0)));
}

/** Reads headers. */
export function readHeaders(bytes: Uint8Array): HeaderReader {
  const text = decoder.decode(bytes);
  return (name) => {
    const start = text.indexOf(`\r\n${name}:`);
    if (start < 0) return "";
    const from = start + name.length + 3;
    const end = text.indexOf("\r\n", from);
    return text.slice(from, end < 0 ? undefined : end).trim();
  };
}
