import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  type Server,
  type ServerTlsOptions,
  startServer,
} from "@asyncio/asyncio/streams";
import { reportsOf } from "../../_helpers/reports.ts";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { turns } from "../../_helpers/turns.ts";
import {
  type Certificates,
  certificates,
  makeCertificates,
} from "../_certificates.ts";
import { outputOf, testWith } from "../_programs.ts";
import { closedAgain, openDescriptors, portOf, text } from "../_sockets.ts";
import { test } from "../_tls.ts";

interface Certificate {
  subject: { CN: string };
  authorized: boolean;
}

/** A server that answers with the name in its client's certificate. */
function greeter(options: Partial<ServerTlsOptions> = {}): Promise<Server> {
  const { server: { cert, key }, authority } = certificates();
  const tls = {
    cert,
    key,
    requestCert: true,
    caCerts: [authority.cert],
    ...options,
  };
  return startServer((_reader, writer) => {
    const certificate = writer.getExtraInfo("peercert") as
      | Certificate
      | undefined;
    writer.write(
      certificate === undefined
        ? "hello, stranger"
        : `hello, ${certificate.subject.CN}, ${certificate.authorized}`,
    );
    writer.close();
  }, { ...LOOPBACK, tls });
}

/** What the server answers, or the name of the error. */
async function answerOf(
  server: Server,
  tls: ConnectOptions["tls"] & object = {},
): Promise<string> {
  const caCerts = [certificates().authority.cert];
  try {
    const { reader, writer } = await openConnection({
      hostname: "localhost",
      port: portOf(server),
      tls: { caCerts, ...tls },
    });
    const answer = text(await reader.read());
    writer.close();
    return answer;
  } catch (error) {
    return (error as Error).name;
  }
}

const identityOf = (name: keyof Certificates) => {
  const { cert, key } = certificates()[name];
  return { cert, key };
};

const own = () => identityOf("client");

/** A certificate for the same name, by an authority that is not trusted. */
const strangers = () => {
  const { cert, key } = makeCertificates().client;
  return { cert, key };
};

for (
  const [way, more] of [
    ["the runtime", {}],
    ["node:tls", { peerCertificate: true }],
  ] as const
) {
  test(`a client with a certificate is let in, and known by it, by ${way}`, async () => {
    await using server = await greeter();
    const answer = await answerOf(server, { ...own(), ...more });
    assertEquals(answer, "hello, client, true");
  });

  test(`a client without a certificate is refused, by ${way}`, async () => {
    await using server = await greeter();
    const answer = await answerOf(server, more);
    assert(
      /^(UnexpectedEof|InvalidData|ConnectionReset)$/.test(answer),
      answer,
    );
  });

  for (
    const [problem, certificate] of [
      ["is not trusted", strangers],
      ["has expired", () => identityOf("expired")],
      ["is for servers alone", () => identityOf("serverOnly")],
    ] as const
  ) {
    test(`a client whose certificate ${problem} is refused, by ${way}`, async () => {
      await using server = await greeter();
      const answer = await answerOf(server, { ...certificate(), ...more });
      assert(
        /^(UnexpectedEof|InvalidData|ConnectionReset)$/.test(answer),
        answer,
      );
    });
  }
}

test("a client that is refused reaches no handler, is not reported, and leaves nothing open", async () => {
  certificates();
  const before = openDescriptors();
  const reports = await reportsOf(async () => {
    let clients = 0;
    const { server: { cert, key }, authority } = certificates();
    const server = await startServer(() => void clients++, {
      ...LOOPBACK,
      tls: { cert, key, requestCert: true, caCerts: [authority.cert] },
    });
    await answerOf(server);
    await answerOf(server, strangers());
    await turns(5);
    assertEquals([clients, server.connections], [0, 0]);
  });
  assertEquals(reports, []);
  await closedAgain(before);
});

test("without caCerts no certificate of a client is trusted", async () => {
  for (const caCerts of [undefined, []]) {
    await using strict = await greeter({ caCerts });
    assert(await answerOf(strict, own()) !== "hello, client, true");
    await using lenient = await greeter({ caCerts, rejectUnauthorized: false });
    assertEquals(await answerOf(lenient, own()), "hello, client, false");
  }
});

test("authorities may come one by one, or several in one text", async () => {
  const { authority } = certificates();
  const other = makeCertificates().authority.cert;
  for (
    const caCerts of [
      [other, authority.cert],
      [authority.cert, other],
      [other + authority.cert],
      [authority.cert.trim() + "\n" + other],
    ]
  ) {
    await using server = await greeter({ caCerts });
    const answer = await answerOf(server, {
      ...own(),
      caCerts,
      peerCertificate: true,
    });
    assertEquals(answer, "hello, client, true");
  }
});

test("with rejectUnauthorized: false all are let in, and `authorized` tells which are trusted", async () => {
  await using server = await greeter({ rejectUnauthorized: false });
  assertEquals(await answerOf(server), "hello, stranger");
  assertEquals(await answerOf(server, own()), "hello, client, true");
  assertEquals(await answerOf(server, strangers()), "hello, client, false");
});

test("a server that does not ask for certificates knows of none", async () => {
  const { cert, key } = certificates().server;
  await using server = await startServer((_reader, writer) => {
    writer.write(String(writer.getExtraInfo("peercert", "none")));
    writer.close();
  }, { ...LOOPBACK, tls: { cert, key } });
  assertEquals(await answerOf(server, own()), "none");
});

test("many clients at once are let in or refused, each by its own certificate", async () => {
  await using server = await greeter();
  const others = strangers();
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      (_, i) => answerOf(server, i % 3 === 0 ? others : own()),
    ),
  );
  answers.forEach((answer, i) =>
    assertEquals(answer === "hello, client, true", i % 3 !== 0)
  );
});

test("trust in certificates that are not asked for is a TypeError, and listens to nothing", async () => {
  const { cert, key } = certificates().server;
  for (
    const more of [
      { caCerts: [] },
      { rejectUnauthorized: true },
      { requestCert: false, caCerts: [] },
    ]
  ) {
    await assertRejects(
      () => startServer(() => {}, { ...LOOPBACK, tls: { cert, key, ...more } }),
      TypeError,
      "requestCert: true",
    );
  }
});

test("what is not a certificate, or not its key, is InvalidData, and nothing listens", async () => {
  const { server: { cert, key }, client } = certificates();
  for (
    const bad of [
      { cert: "none", key },
      { cert, key: "none" },
      { cert, key: client.key },
      { cert, key, caCerts: ["none"] },
    ]
  ) {
    await assertRejects(
      () =>
        startServer(() => {}, {
          ...LOOPBACK,
          tls: { requestCert: true, ...bad },
        }),
      Deno.errors.InvalidData,
      "Cannot use the certificate",
    );
  }
});

test("a client's certificate goes with another name of the server, and with noDelay", async () => {
  await using server = await greeter();
  const { reader, writer } = await openConnection({
    ...LOOPBACK,
    port: portOf(server),
    noDelay: true,
    tls: {
      caCerts: [certificates().authority.cert],
      serverName: "localhost",
      ...own(),
    },
  });
  assertEquals(text(await reader.read()), "hello, client, true");
  writer.close();
});

// Other programs as clients

testWith(
  ["openssl"],
  "openssl is let in with a certificate, and not without",
  async () => {
    await using server = await greeter();
    const { authority, client } = certificates();
    const connect = (...more: string[]) =>
      outputOf("openssl", [
        "s_client",
        "-quiet",
        "-connect",
        `127.0.0.1:${portOf(server)}`,
        "-servername",
        "localhost",
        "-CAfile",
        authority.certPath,
        ...more,
      ]);
    const identity = ["-cert", client.certPath, "-key", client.keyPath];
    assertEquals(await connect(...identity), "hello, client, true");
    assertEquals(await connect().catch(() => ""), "");
  },
);

testWith(
  ["curl", "openssl"],
  "curl is let in with a certificate, and not without",
  async () => {
    const { server: { cert, key }, authority, client } = certificates();
    const tls = { cert, key, requestCert: true, caCerts: [authority.cert] };
    await using server = await startServer(async (reader, writer) => {
      await reader.readUntil("\r\n\r\n");
      const { subject } = writer.getExtraInfo("peercert") as Certificate;
      writer.write(`HTTP/1.0 200 OK\r\n\r\nhello, ${subject.CN}`);
      writer.close();
    }, { ...LOOPBACK, tls });
    const get = (...identity: string[]) =>
      outputOf("curl", [
        "--silent",
        "--cacert",
        authority.certPath,
        "--resolve",
        `localhost:${portOf(server)}:127.0.0.1`,
        `https://localhost:${portOf(server)}/`,
        ...identity,
      ]);
    const identity = ["--cert", client.certPath, "--key", client.keyPath];
    assertEquals(await get(...identity), "hello, client");
    await assertRejects(() => get(), Error, "curl");
  },
);

testWith(
  ["python3", "openssl"],
  "asyncio is let in with a certificate, and not without",
  async () => {
    await using server = await greeter();
    const { authority, client } = certificates();
    const program = `
import asyncio, ssl, sys
async def main(port, ca, *identity):
    context = ssl.create_default_context(cafile=ca)
    if identity:
        context.load_cert_chain(*identity)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        print((await reader.read()).decode() or "nothing", end="")
        writer.close()
    except (ssl.SSLError, ConnectionError) as error:
        print(type(error).__name__, end="")
asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
`;
    const connect = (...identity: string[]) =>
      outputOf("python3", [
        "-c",
        program,
        `${portOf(server)}`,
        authority.certPath,
        ...identity,
      ]);
    assertEquals(
      await connect(client.certPath, client.keyPath),
      "hello, client, true",
    );
    assert((await connect()) !== "hello, stranger");
  },
);
