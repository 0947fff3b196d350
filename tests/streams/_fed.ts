import { StreamReader } from "@asyncio/asyncio/streams";
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
};
