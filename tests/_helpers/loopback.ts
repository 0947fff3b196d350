import type { StreamReader, StreamWriter } from "@asyncio/asyncio/streams";

/** Where servers under test listen. */
export const LOOPBACK = { hostname: "127.0.0.1" };

/** A handler of clients that sends every line back, until the client ends. */
export async function echo(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  for await (const line of reader) {
    writer.write(line);
    await writer.drain();
  }
  writer.close();
}
