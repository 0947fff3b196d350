import {
  type Decoder,
  delimited,
  StreamReader,
} from "@asyncio/asyncio/streams";
import { bytes } from "./_sockets.ts";

/** A reader that was fed all of it, and the end. */
export function ended(
  content: string,
  options?: { limit: number },
): StreamReader {
  const reader = open(content, options);
  reader.feedEof();
  return reader;
}

/** A reader that was fed this, and may be fed more. */
export function open(
  content: string,
  options?: { limit: number },
): StreamReader {
  const reader = new StreamReader(options);
  reader.feedData(bytes(content));
  return reader;
}

/** A frame is a hundred bytes. */
const PACKET: Decoder<Uint8Array> = {
  decode: (bytes) =>
    bytes.length < 100
      ? undefined
      : { value: bytes.subarray(0, 100), length: 100 },
};

/** All ways of reading that wait for more than there is. */
export const WAYS: Record<
  string,
  (
    reader: StreamReader,
    options?: { signal?: AbortSignal | undefined },
  ) => Promise<unknown>
> = {
  "read": (reader, options) => reader.read(undefined, options),
  "readExactly": (reader, options) => reader.readExactly(100, options),
  "readLine": (reader, options) => reader.readLine(options),
  "readUntil": (reader, options) => reader.readUntil(["--", ";"], options),
  "lines": (reader, options) =>
    reader.lines(options)[Symbol.asyncIterator]().next(),
  "readTextLine": (reader, options) => reader.readTextLine(options),
  "readFrame": (reader, options) => reader.readFrame(PACKET, options),
  "frames": (reader, options) =>
    reader.frames(delimited("\0"), options)[Symbol.asyncIterator]().next(),
};
