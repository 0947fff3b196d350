import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  openConnection,
  openUnixConnection,
  startServer,
  startUnixServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { certificates } from "../_certificates.ts";
import { portOf, text } from "../_sockets.ts";
import { serving, test, trusting } from "../_tls.ts";
import { Folder } from "../../_helpers/folder.ts";

type Facts = Record<"peercert" | "cipher" | "alpn" | "tls", unknown>;

function factsOf(writer: StreamWriter): Facts {
  const info = (name: string) => writer.getExtraInfo(name);
  return {
    peercert: info("peercert"),
    cipher: info("cipher"),
    alpn: info("alpn"),
    tls: info("tls"),
  };
}

test("a client that asks for it knows the server's certificate and the cipher, also after the end", async () => {
  await using server = await startServer((_reader, writer) => {
    writer.write("hello");
    writer.close();
  }, serving({ alpnProtocols: ["greeting"] }));
  const { reader, writer } = await openConnection(
    trusting(portOf(server), {
      peerCertificate: true,
      alpnProtocols: ["greeting"],
    }),
  );
  const facts = factsOf(writer);
  assertEquals(text(await reader.read()), "hello");
  writer.close();
  await writer.waitClosed();
  assertEquals(factsOf(writer), facts);
  const { peercert, cipher, alpn, tls } = facts;
  assertEquals(alpn, "greeting");
  assertEquals(tls, { alpnProtocol: "greeting" });
  const { subject, issuer, authorized } = peercert as Record<string, unknown>;
  assertEquals({ ...subject as object }, { CN: "localhost" });
  assertEquals({ ...issuer as object }, { CN: "authority" });
  assertEquals(authorized, true);
  const { name, version } = cipher as Record<string, string>;
  assertMatch(name!, /^TLS_/);
  assertMatch(version!, /^TLSv1/);
});

test("elsewhere the certificate and the cipher are not known, the protocol is", async () => {
  const peers: Facts[] = [];
  await using server = await startServer((_reader, writer) => {
    peers.push(factsOf(writer));
    writer.close();
  }, serving({ alpnProtocols: ["greeting"] }));
  const { reader, writer } = await openConnection(
    trusting(portOf(server), { alpnProtocols: ["greeting"] }),
  );
  await reader.read();
  const tls = { alpnProtocol: "greeting" };
  const facts = {
    peercert: undefined,
    cipher: undefined,
    alpn: "greeting",
    tls,
  };
  assertEquals(factsOf(writer), facts);
  assertEquals(peers, [facts]);
  writer.close();
});

test("without TLS, or without a common protocol, there is no such fact", async () => {
  await using plain = await startServer(() => {}, LOOPBACK);
  await using client = await openConnection({ port: portOf(plain) });
  const none = {
    peercert: undefined,
    cipher: undefined,
    alpn: undefined,
    tls: undefined,
  };
  assertEquals(factsOf(client.writer), none);
  assertEquals(client.writer.getExtraInfo("alpn", "none"), "none");

  await using server = await startServer(() => {}, serving());
  await using other = await openConnection(
    trusting(portOf(server), { alpnProtocols: ["greeting"] }),
  );
  assertEquals(other.writer.getExtraInfo("alpn"), undefined);
});

// Unix sockets

async function withSocket(
  body: (path: string) => Promise<void>,
): Promise<void> {
  await using folder = new Folder();
  await body(folder.socket);
}

test("TLS over a Unix socket: both sides, with a name for the certificate or none", () =>
  withSocket(async (path) => {
    const { server: { cert, key }, authority } = certificates();
    await using _server = await startUnixServer(async (reader, writer) => {
      writer.write(`you said ${text(await reader.readLine())}`);
      writer.close();
    }, { path, tls: { cert, key } });
    const tls = { caCerts: [authority.cert] };
    for (const serverName of [undefined, "localhost"]) {
      const { reader, writer } = await openUnixConnection(path, {
        tls: { ...tls, serverName },
      });
      const peer = writer.getExtraInfo("peername");
      assertEquals(peer, { transport: "unix", path });
      writer.write("hello\n");
      assertEquals(text(await reader.read()), "you said hello\n");
      writer.close();
    }
    const error = await openConnection({
      path,
      tls: { ...tls, serverName: "elsewhere" },
    }).catch((error) => error);
    assert(error instanceof Deno.errors.InvalidData, String(error));
  }));

test("a Unix socket asks its clients for certificates", () =>
  withSocket(async (path) => {
    const { server: { cert, key }, authority, client } = certificates();
    const caCerts = [authority.cert];
    await using _server = await startServer((_reader, writer) => {
      const { subject } = writer.getExtraInfo("peercert") as {
        subject: { CN: string };
      };
      writer.write(`hello, ${subject.CN}`);
      writer.close();
    }, { path, tls: { cert, key, requestCert: true, caCerts } });
    const { reader, writer } = await openConnection({
      path,
      tls: { caCerts, cert: client.cert, key: client.key },
    });
    assertEquals(text(await reader.read()), "hello, client");
    writer.close();
  }));

// Options of the socket

for (const by of ["server", "client"] as const) {
  test(`noDelay and keepAlive reach the socket below TLS, on the side of the ${by}`, async () => {
    const { server: { cert, key }, client, authority } = certificates();
    const calls: string[] = [];
    const watch = (conn: Deno.Conn): void => {
      const tcp = conn as Deno.TcpConn;
      for (const name of ["setNoDelay", "setKeepAlive"] as const) {
        const set = tcp[name].bind(tcp);
        tcp[name] = (value = true) => {
          calls.push(`${name} ${value}`);
          set(value);
        };
      }
    };
    const { connect, listen } = Deno;
    if (by === "client") {
      Deno.connect = (async (options: Deno.ConnectOptions) => {
        const conn = await connect(options);
        watch(conn);
        return conn;
      }) as typeof Deno.connect;
    } else {
      Deno.listen = ((options: Deno.ListenOptions & { transport?: "tcp" }) => {
        const listener = listen(options as Deno.TcpListenOptions);
        const accept = listener.accept.bind(listener);
        listener.accept = async () => {
          const conn = await accept();
          watch(conn);
          return conn;
        };
        return listener;
      }) as typeof Deno.listen;
    }
    try {
      const options = { noDelay: true, keepAlive: true };
      await using server = await startServer((_reader, writer) => {
        writer.write("hello");
        writer.close();
      }, {
        ...LOOPBACK,
        tls: { cert, key },
        ...(by === "server" && options),
      });
      const { reader, writer } = await openConnection({
        hostname: "localhost",
        port: portOf(server),
        tls: {
          caCerts: [authority.cert],
          cert: client.cert,
          key: client.key,
        },
        ...(by === "client" && options),
      });
      assertEquals(text(await reader.read()), "hello");
      writer.close();
      assertEquals(calls, ["setNoDelay true", "setKeepAlive true"]);
    } finally {
      Object.assign(Deno, { connect, listen });
    }
  });
}
