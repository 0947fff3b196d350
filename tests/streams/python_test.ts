import { assertEquals } from "@std/assert";
import {
  openConnection,
  startServer,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { certificates } from "./_certificates.ts";
import { outputOf, ServerProgram, testWith } from "./_programs.ts";
import { portOf, text } from "./_sockets.ts";
import { serving } from "./_tls.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";

const PYTHON_SERVER = `
import asyncio, ssl, sys

async def handle(reader, writer):
    while line := await reader.readline():
        if line == b"STARTTLS\\n":
            writer.write(b"go ahead\\n")
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            await writer.start_tls(context)
        else:
            writer.write(b"python: " + line)
            await writer.drain()
    writer.write(b"end\\n")
    if writer.can_write_eof():
        writer.write_eof()
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
`;

testWith(
  ["python3", "openssl"],
  "asyncio as the server: lines, half-close, much data, startTls",
  async () => {
    const { certPath, keyPath } = certificates().server;
    await using python = new ServerProgram("python3", [
      "-c",
      PYTHON_SERVER,
      certPath,
      keyPath,
    ]);
    const port = Number(await python.firstLine);
    const { reader, writer } = await openConnection({ ...LOOPBACK, port });
    writer.write("one\ntwo\n");
    assertEquals(text(await reader.readLine()), "python: one\n");
    assertEquals(text(await reader.readLine()), "python: two\n");
    const long = `${"x".repeat(60_000)}\n`;
    for (let i = 0; i < 50; i++) {
      writer.write(long);
      await writer.drain();
    }
    for (let i = 0; i < 50; i++) {
      assertEquals((await reader.readLine()).length, 8 + long.length);
    }
    writer.writeEof();
    assertEquals(text(await reader.read()), "end\n");
    await writer.waitClosed();

    const upgraded = await openConnection({ hostname: "localhost", port });
    upgraded.writer.write("STARTTLS\n");
    assertEquals(text(await upgraded.reader.readLine()), "go ahead\n");
    await upgraded.writer.startTls({
      caCerts: [certificates().authority.cert],
    });
    upgraded.writer.write("secret\n");
    assertEquals(text(await upgraded.reader.readLine()), "python: secret\n");
    upgraded.writer.close();
  },
);

const PYTHON_CLIENT = `
import asyncio, ssl, sys

async def main():
    context = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
    reader, writer = await asyncio.open_connection("localhost", int(sys.argv[1]), ssl=context)
    writer.write(b"one\\n")
    print((await reader.readline()).decode(), end="")
    writer.write(b"x" * 50000 + b"\\n")
    await writer.drain()
    print(len(await reader.readline()))
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.write(b"end\\n")
    print((await reader.read()).decode(), end="")
    writer.close()
    await writer.wait_closed()

asyncio.run(main())
`;

async function echoToPython(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  for await (const line of reader) {
    if (text(line) === "end\n") break;
    writer.write("deno: ");
    writer.write(line);
    await writer.drain();
  }
  writer.write("goodbye\n");
  writer.close();
}

testWith(["python3"], "asyncio as the client", async () => {
  await using server = await startServer(echoToPython, LOOPBACK);
  const output = await outputOf("python3", [
    "-c",
    PYTHON_CLIENT,
    `${portOf(server)}`,
  ]);
  assertEquals(output, "deno: one\n50007\ngoodbye\n");
});

testWith(["python3", "openssl"], "asyncio as the client over TLS", async () => {
  await using server = await startServer(echoToPython, serving());
  const output = await outputOf("python3", [
    ...["-c", PYTHON_CLIENT, `${portOf(server)}`],
    certificates().authority.certPath,
  ]);
  assertEquals(output, "deno: one\n50007\ngoodbye\n");
});
