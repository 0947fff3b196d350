/**
 * This package's echo server: with the argument `peek` or `pipeTo` it borrows the
 * reader's memory, with `web` it is a pipe of Web Streams, with `lines` it echoes
 * line by line.
 */
import { run } from "../../tasks/mod.ts";
import {
  startServer,
  type StreamReader,
  type StreamWriter,
} from "../../streams/mod.ts";

type Handler = (reader: StreamReader, writer: StreamWriter) => unknown;

const handlers: Record<string, Handler> = {
  async read(reader, writer) {
    while (true) {
      const data = await reader.read(65536);
      if (data.length === 0) break;
      writer.write(data);
      await writer.drain();
    }
    writer.close();
  },

  async peek(reader, writer) {
    for (let bytes; (bytes = await reader.peek()).length > 0;) {
      writer.write(bytes);
      reader.discard(bytes.length);
      await writer.drain();
    }
    writer.close();
  },

  pipeTo: (reader, writer) => reader.pipeTo(writer),

  web: (reader, writer) => reader.readable.pipeTo(writer.writable),

  async lines(reader, writer) {
    for await (const line of reader.lines()) {
      writer.write(`${line}\n`);
      await writer.drain();
    }
    writer.close();
  },
};

const [kind = "read"] = Deno.args;
await run(async () => {
  const options = { hostname: "127.0.0.1" };
  const server = await startServer(handlers[kind]!, options);
  console.log((server.addresses[0] as Deno.NetAddr).port);
  await server.serveForever();
});
