/** Options of TLS that are wrong: nothing may be opened, or changed. @module */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  serve,
  type ServeOptions,
  startServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { certificates } from "../_certificates.ts";
import { runChild } from "../_child.ts";
import { portOf } from "../_sockets.ts";
import { test } from "../_tls.ts";

const own = () => {
  const { cert, key } = certificates().server;
  return { cert, key };
};

const authority = () => certificates().authority.cert;

/** What each side refuses, and what the error tells. */
const WRONG: [options: () => object, error: typeof Error, message: string][] = [
  [() => ({ caCerts: authority() }), TypeError, "array of certificates in PEM"],
  [() => ({ caCerts: [1] }), TypeError, "caCerts is an array"],
  [() => ({ caCerts: null }), TypeError, "caCerts is an array"],
  [() => ({ alpnProtocols: "h2" }), TypeError, "alpnProtocols is an array"],
  [() => ({ alpnProtocols: [2] }), TypeError, "alpnProtocols is an array"],
  [() => ({ alpnProtocols: [""] }), RangeError, "received 0"],
  [() => ({ alpnProtocols: ["é".repeat(128)] }), RangeError, "received 256"],
  [() => ({ cert: 1, key: 2 }), TypeError, "cert is text in PEM, received 1"],
  [() => ({ ...own(), key: undefined }), TypeError, "both `cert` and `key`"],
];

const WRONG_FOR_SERVERS: typeof WRONG = [
  [() => ({ requestCert: "yes" }), TypeError, "requestCert is a boolean"],
  [() => ({ requestCert: null }), TypeError, "requestCert is a boolean"],
  [
    () => ({ requestCert: true, rejectUnauthorized: 0 }),
    TypeError,
    "rejectUnauthorized is a boolean, received 0",
  ],
];

const WRONG_FOR_CLIENTS: typeof WRONG = [
  [() => ({ serverName: 5 }), TypeError, "serverName is a name"],
  [() => ({ serverName: "" }), TypeError, 'serverName is a name, received ""'],
  [() => ({ peerCertificate: 1 }), TypeError, "peerCertificate is a boolean"],
];

for (
  const [way, more] of [
    ["by the runtime", LOOPBACK],
    ["by node:tls", { ...LOOPBACK, noDelay: true }],
    ["on a Unix socket", { path: `\0asyncio-${Deno.pid}-options` }],
  ] as [string, ServeOptions][]
) {
  test(`a server with wrong options of TLS is not started, ${way}`, async () => {
    for (const [options, error, message] of [...WRONG, ...WRONG_FOR_SERVERS]) {
      const tls = { ...own(), ...options() } as ServeOptions["tls"];
      await assertRejects(
        () => startServer(() => {}, { ...more, tls }),
        error,
        message,
      );
    }
  });
}

for (
  const [way, more] of [
    ["by the runtime", {}],
    ["by node:tls", { peerCertificate: true }],
  ] as const
) {
  test(`a client with wrong options of TLS does not connect, ${way}`, async () => {
    let clients = 0;
    await using server = await startServer(() => void clients++, LOOPBACK);
    for (const [options, error, message] of [...WRONG, ...WRONG_FOR_CLIENTS]) {
      const tls = { ...more, ...options() } as ConnectOptions["tls"];
      await assertRejects(
        () => openConnection({ port: portOf(server), tls }),
        error,
        message,
      );
    }
    assertEquals(clients, 0);
  });
}

test("a client whose key is of another certificate does not connect", async () => {
  let clients = 0;
  await using server = await startServer(() => void clients++, LOOPBACK);
  const { client, server: { key } } = certificates();
  for (const more of [{}, { peerCertificate: true }]) {
    const tls = { cert: client.cert, key, ...more };
    await assertRejects(
      () => openConnection({ port: portOf(server), tls }),
      Deno.errors.InvalidData,
      "not the key of",
    );
  }
  assertEquals(clients, 0);
});

test("a client that trusts in text that is not a certificate is closed again", async () => {
  await using server = await startServer(
    async (reader, writer) => {
      await reader.read();
      writer.close();
    },
    LOOPBACK,
  );
  const tls = { caCerts: ["none"], peerCertificate: true };
  await assertRejects(
    () => openConnection({ port: portOf(server), tls }),
    Deno.errors.InvalidData,
    "caCerts",
  );
});

test("startTls with wrong options leaves the connection as it is", async () => {
  const accepted = Promise.withResolvers<StreamWriter>();
  await using server = await startServer(async (reader, writer) => {
    accepted.resolve(writer);
    writer.write(await reader.readLine());
    writer.close();
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  const serverSide = await accepted.promise;
  for (const [options, error, message] of [...WRONG, ...WRONG_FOR_CLIENTS]) {
    await assertRejects(() => writer.startTls(options()), error, message);
  }
  for (const [options, error, message] of [...WRONG, ...WRONG_FOR_SERVERS]) {
    const tls = { ...own(), ...options() };
    await assertRejects(() => serverSide.startTls(tls), error, message);
  }
  writer.write("in plain\n");
  assertEquals((await reader.readLine()).length, 9);
  writer.close();
});

test("serve with wrong options of TLS is not started", async () => {
  for (const [options, error, message] of WRONG) {
    const tls = { ...own(), ...options() };
    await assertRejects(
      () => serve(() => new Response(), { ...LOOPBACK, tls }),
      error,
      message,
    );
  }
});

// What it needs

test("node:tls is loaded only if something needs it", async () => {
  const { cert, key } = own();
  const loaded = await runChild("tls/_loading.ts", {
    args: [cert, key, authority()],
  });
  assertEquals(loaded, [
    "by the runtime: ",
    "by node:tls: node:crypto, node:net, node:tls",
  ]);
});

test("node:tls takes no permission but that of the network", async () => {
  const { cert, key } = own();
  const lines = await runChild("tls/_loading.ts", {
    permissions: ["--allow-net"],
    args: [cert, key, authority()],
  });
  assertEquals(lines.length, 2);
});
