import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  openConnection,
  openUnixConnection,
  type Server,
  type ServerTlsOptions,
  startServer,
  type StartTlsOptions,
  startUnixServer,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { timeout, TimeoutError } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { certificates, makeCertificates } from "../_certificates.ts";
import { outputOf, testWith } from "../_programs.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  text,
} from "../_sockets.ts";
import { test } from "../_tls.ts";
import { Folder } from "../../_helpers/folder.ts";

const own = (more: Partial<ServerTlsOptions> = {}): ServerTlsOptions => {
  const { cert, key } = certificates().server;
  return { cert, key, ...more };
};

const trusting = () => ({
  caCerts: [certificates().authority.cert],
  serverName: "localhost",
});

type Upgrade = (reader: StreamReader, writer: StreamWriter) => unknown;

/** A server that goes on with TLS when it is asked to, and then echoes lines. */
function upgrading(
  upgrade: Upgrade = (_reader, writer) => writer.startTls(own()),
): Promise<Server> {
  return startServer(async (reader, writer) => {
    assertEquals(text(await reader.readLine()), "STARTTLS\n");
    writer.write("go ahead\n");
    await writer.drain();
    await upgrade(reader, writer);
    for await (const line of reader) writer.write(line);
    writer.close();
  }, LOOPBACK);
}

/** A client that has been told to go ahead. */
async function asked(server: Server) {
  const streams = await openConnection({ port: portOf(server) });
  streams.writer.write("STARTTLS\n");
  assertEquals(text(await streams.reader.readLine()), "go ahead\n");
  return streams;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (
  const [when, upgrade] of [
    ["at once", (_reader, writer) => writer.startTls(own())],
    // By now the hello has come, and is read ahead.
    ["after a while", async (_reader, writer) => {
      await pause(200);
      await writer.startTls(own());
    }],
    // Half of it is taken, and given back.
    ["after a peek at the hello", async (reader, writer) => {
      await reader.peek(1);
      await writer.startTls(own());
    }],
  ] as [string, Upgrade][]
) {
  test(`a server goes on with TLS ${when}: reader and writer stay`, async () => {
    await using server = await upgrading(upgrade);
    const { reader, writer } = await asked(server);
    await writer.startTls(trusting());
    for (const word of ["one", "two", "three"]) {
      writer.write(`${word}\n`);
      assertEquals(text(await reader.readLine()), `${word}\n`);
    }
    writer.close();
    await writer.waitClosed();
  });
}

test("a server goes on with TLS in the middle of its lines", async () => {
  await using server = await startServer(async (reader, writer) => {
    for await (const line of reader.lines()) {
      writer.write(`${line}\n`);
      if (line === "STARTTLS") await writer.startTls(own());
    }
    writer.close();
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  for (const word of ["plain", "STARTTLS"]) {
    writer.write(`${word}\n`);
    assertEquals(text(await reader.readLine()), `${word}\n`);
  }
  await writer.startTls(trusting());
  writer.write("encrypted\n");
  assertEquals(text(await reader.readLine()), "encrypted\n");
  writer.close();
});

test("a hello that comes with the request for it is not lost", async () => {
  await using server = await upgrading();
  // The bytes of a handshake, as a client would send them without waiting.
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const opening = openConnection({
    hostname: "localhost",
    port: (listener.addr as Deno.NetAddr).port,
    tls: trusting(),
  });
  using front = await listener.accept();
  const hello = new Uint8Array(4096);
  const n = await front.read(hello);
  using back = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
  await back.write(
    new Uint8Array([
      ...bytes("STARTTLS\n"),
      ...hello.subarray(0, n!),
    ]),
  );
  const answer = new Uint8Array(9);
  for (let got = 0; got < 9;) got += (await back.read(answer.subarray(got)))!;
  assertEquals(text(answer), "go ahead\n");
  const pump = async (from: Deno.Conn, to: Deno.Conn) => {
    const memory = new Uint8Array(65536);
    for (let n; (n = await from.read(memory).catch(() => null)) !== null;) {
      await to.write(memory.subarray(0, n)).catch(() => {});
    }
    await to.closeWrite().catch(() => {});
  };
  const pumps = [pump(back, front), pump(front, back)];
  const { reader, writer } = await opening;
  writer.write("hello\n");
  assertEquals(text(await reader.readLine()), "hello\n");
  writer.close();
  await Promise.all(pumps);
});

for (
  const [when, wait] of [
    ["", () => Promise.resolve()],
    // By now more is being read ahead: that read fails with the handshake.
    [", while more is read", () => pause(50)],
  ] as const
) {
  test(`commands in plain text behind the request are taken for no command${when}`, async () => {
    let error: unknown;
    const lines: string[] = [];
    await using server = await startServer(async (reader, writer) => {
      await reader.readLine();
      await wait();
      try {
        await writer.startTls(own());
        for await (const line of reader) lines.push(text(line));
      } catch (caught) {
        error = caught;
      }
    }, LOOPBACK);
    using conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
    await conn.write(bytes("STARTTLS\nDELETE EVERYTHING\n"));
    await until(() => error !== undefined);
    assert(error instanceof Error);
    assertEquals(lines, []);
    await turns();
  });
}

test("ALPN, and certificates of clients, are asked for in the middle as well", async () => {
  const { authority, client } = certificates();
  const facts: unknown[] = [];
  await using server = await upgrading(async (_reader, writer) => {
    await writer.startTls(own({
      requestCert: true,
      caCerts: [authority.cert],
      alpnProtocols: ["echo"],
    }));
    const { subject } = writer.getExtraInfo("peercert") as {
      subject: { CN: string };
    };
    facts.push(subject.CN, writer.getExtraInfo("alpn"));
  });
  const { reader, writer } = await asked(server);
  const { cert, key } = client;
  await writer.startTls({ ...trusting(), cert, key, alpnProtocols: ["echo"] });
  writer.write("hello\n");
  assertEquals(text(await reader.readLine()), "hello\n");
  assertEquals(facts, ["client", "echo"]);
  writer.close();
});

for (const kind of ["no certificate", "a certificate that is not trusted"]) {
  test(`a client with ${kind} fails startTls of a server that asks for one, and is lost`, async () => {
    const { authority } = certificates();
    const { cert, key } = makeCertificates().client;
    const over = Promise.withResolvers<unknown>();
    await using server = await startServer(async (reader, writer) => {
      await reader.readLine();
      writer.write("go ahead\n");
      const options = own({ requestCert: true, caCerts: [authority.cert] });
      const error = await writer.startTls(options).catch((error) => error);
      await assertRejects(() => reader.read(), Deno.errors.InvalidData);
      over.resolve(error);
    }, LOOPBACK);
    const { reader, writer } = await asked(server);
    const options = kind === "no certificate"
      ? trusting()
      : { ...trusting(), cert, key };
    await writer.startTls(options).catch(() => {});
    await reader.read().catch(() => {});
    const error = await over.promise;
    assert(error instanceof Deno.errors.InvalidData, String(error));
    assertStringIncludes(
      error.message,
      kind === "no certificate"
        ? "no certificates"
        : "the client's certificate is not trusted",
    );
    writer.abort();
  });
}

test("over a Unix socket as well", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  await using _server = await startUnixServer(async (reader, writer) => {
    await reader.readLine();
    writer.write("go ahead\n");
    await writer.startTls(own());
    for await (const line of reader) writer.write(line);
    writer.close();
  }, { path });
  const { reader, writer } = await openUnixConnection(path);
  writer.write("STARTTLS\n");
  await reader.readLine();
  await writer.startTls({ caCerts: [certificates().authority.cert] });
  writer.write("hello\n");
  assertEquals(text(await reader.readLine()), "hello\n");
  writer.close();
  await writer.waitClosed();
});

// What cannot be

test("a server's startTls without a certificate is a TypeError, with one that is none InvalidData: the connection is unharmed", async () => {
  const errors: string[] = [];
  await using server = await upgrading(async (_reader, writer) => {
    for (
      const options of [
        undefined,
        {},
        { cert: certificates().server.cert },
        { ...own(), caCerts: [] },
        { ...own(), key: "none" },
        { ...own(), handshakeTimeout: 0 },
      ] as StartTlsOptions[]
    ) {
      await writer.startTls(options).catch(({ name }) => errors.push(name));
    }
  });
  const { reader, writer } = await asked(server);
  writer.write("in plain\n");
  assertEquals(text(await reader.readLine()), "in plain\n");
  assertEquals(errors, [
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
    "InvalidData",
    "RangeError",
  ]);
  writer.close();
});

test("a server's startTls while a read is pending is an error, and the connection is unharmed", async () => {
  let error: unknown;
  await using server = await upgrading(async (reader, writer) => {
    const reading = reader.readLine();
    error = await writer.startTls(own()).catch((error) => error);
    writer.write(await reading);
  });
  const { reader, writer } = await asked(server);
  writer.write("in plain\n");
  assertEquals(text(await reader.readLine()), "in plain\n");
  assert(error instanceof Error && error.message.includes("read is pending"));
  writer.close();
});

for (const side of ["server", "client"] as const) {
  test(`a peer that does not answer: startTls of a ${side} is given up at handshakeTimeout`, async () => {
    certificates();
    await turns();
    const before = openDescriptors();
    let error: unknown;
    const start = async (reader: StreamReader, writer: StreamWriter) => {
      const options = side === "server" ? own() : trusting();
      error = await writer.startTls({ ...options, handshakeTimeout: 20 })
        .catch((error) => error);
      await assertRejects(() => reader.read(), Error);
    };
    {
      const server = await startServer(
        side === "server" ? start : () => {},
        LOOPBACK,
      );
      const { reader, writer } = await openConnection({ port: portOf(server) });
      if (side === "client") await start(reader, writer);
      await until(() => error !== undefined);
      assert(error instanceof TimeoutError, String(error));
      writer.abort();
      await server.shutdown({ timeout: 0 });
    }
    await closedAgain(before);
  });
}

for (const giveUp of ["cancel", "abort"] as const) {
  test(`a server's startTls given up in the handshake by ${giveUp} ends at once, and the connection is lost`, async () => {
    certificates();
    await turns();
    const before = openDescriptors();
    {
      const outcome = Promise.withResolvers<string>();
      const server = await startServer(async (reader, writer) => {
        const attempt = new Attempt((options) =>
          writer.startTls({ ...own(), ...options })
        );
        await turns(5);
        attempt[giveUp]();
        await attempt.task;
        outcome.resolve(attempt.outcome);
        await assertRejects(() => reader.read(), Error, "given up");
      }, LOOPBACK);
      const { writer } = await openConnection({ port: portOf(server) });
      assertEquals(
        await outcome.promise,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      writer.abort();
      await server.shutdown({ timeout: 0 });
    }
    await closedAgain(before);
  });
}

test("a timeout around a server's startTls loses the connection, and nothing else", async () => {
  let error: unknown;
  await using server = await startServer(async (_reader, writer) => {
    error = await timeout(10, () => writer.startTls(own()))
      .catch((error) => error);
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await reader.read().catch(() => {});
  assert(error instanceof TimeoutError);
  writer.close();
});

// Other programs as clients

testWith(
  ["openssl"],
  "openssl goes on with TLS as it does with SMTP",
  async () => {
    await using server = await startServer(async (reader, writer) => {
      writer.write("220 ready\r\n");
      for await (const line of reader.lines()) {
        if (line.startsWith("EHLO")) {
          writer.write("250-here\r\n250 STARTTLS\r\n");
        } else if (line === "STARTTLS") {
          writer.write("220 go ahead\r\n");
          await writer.drain();
          break;
        }
      }
      await writer.startTls(own());
      writer.write("encrypted\r\n");
      writer.close();
    }, LOOPBACK);
    const { authority } = certificates();
    const output = await outputOf("openssl", [
      "s_client",
      "-quiet",
      "-starttls",
      "smtp",
      "-verify_return_error",
      "-servername",
      "localhost",
      "-CAfile",
      authority.certPath,
      "-connect",
      `127.0.0.1:${portOf(server)}`,
    ]);
    assert(output.includes("encrypted"), output);
  },
);

testWith(
  ["python3", "openssl"],
  "asyncio's start_tls is the client of ours",
  async () => {
    await using server = await upgrading();
    const { authority } = certificates();
    const output = await outputOf("python3", [
      "-c",
      `
import asyncio, ssl, sys
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    writer.write(b"STARTTLS\\n")
    assert await reader.readline() == b"go ahead\\n"
    context = ssl.create_default_context(cafile=sys.argv[2])
    await writer.start_tls(context, server_hostname="localhost")
    writer.write(b"hello\\n")
    print((await reader.readline()).decode(), end="")
    writer.close()
asyncio.run(main())
`,
      `${portOf(server)}`,
      authority.certPath,
    ]);
    assertEquals(output, "hello\n");
  },
);
