/**
 * The tests of connections, run again over TLS: by the runtime, by `node:tls`,
 * and with one of them at each end.
 *
 * @module
 */
import {
  type ConnectOptions,
  openConnection,
  type ServeOptions,
  startServer,
  type Streams,
} from "@asyncio/asyncio/streams";
import { has } from "../../_helpers/installed.ts";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { certificates } from "../_certificates.ts";
import { portOf } from "../_sockets.ts";
import { defineOver, type RawEnds, type Transport } from "../_transport.ts";

/** TLS over TCP, with more that the runtime may not be able to do. */
function overTcp(
  server: Partial<ServeOptions>,
  client: ConnectOptions["tls"] & object,
  openRaw: "as the client" | "as the server",
): Transport {
  const serving = () => {
    const { cert, key } = certificates().server;
    return { ...LOOPBACK, tls: { cert, key }, ...server };
  };
  const connecting = (port: number) => ({
    hostname: "localhost",
    port,
    tls: { caCerts: [certificates().authority.cert], ...client },
  });
  return {
    server,
    client,
    serving,
    connecting: (server) => connecting(portOf(server)),
    openRaw: openRaw === "as the client"
      ? (options) =>
        openClient((port) =>
          openConnection({ ...connecting(port), ...options })
        )
      : ({ limit }) => openServer({ ...serving(), limit }),
  };
}

/** The client's end, before a server of the runtime. */
async function openClient(
  open: (port: number) => Promise<Streams>,
): Promise<RawEnds> {
  const { cert, key } = certificates().server;
  using listener = Deno.listenTls({ ...LOOPBACK, port: 0, cert, key });
  const accepting = listener.accept();
  const [client, peer] = await Promise.all([
    open((listener.addr as Deno.NetAddr).port),
    accepting.then(async (conn) => {
      await conn.handshake();
      return conn;
    }),
  ]);
  return { client, peer };
}

/** The server's end, behind a client of the runtime. */
async function openServer(options: ServeOptions): Promise<RawEnds> {
  const taken = Promise.withResolvers<Streams>();
  const server = await startServer(
    (reader, writer) => taken.resolve({ reader, writer }),
    options,
  );
  const peer = await Deno.connectTls({
    hostname: "localhost",
    port: portOf(server),
    caCerts: [certificates().authority.cert],
  });
  await peer.handshake();
  const client = await taken.promise;
  server.close(); // the connection stays
  return { client, peer };
}

const BY_NODE = { peerCertificate: true };

let sockets = 0;

const TRANSPORTS: Record<string, Transport> = {
  "TLS by the runtime": overTcp({}, {}, "as the client"),
  "TLS by node:tls": overTcp({ noDelay: true }, BY_NODE, "as the server"),
  "TLS to node:tls": overTcp({ noDelay: true }, {}, "as the server"),
  "TLS from node:tls": overTcp({}, BY_NODE, "as the client"),
  "TLS on a Unix socket": {
    serving: () => {
      const { cert, key } = certificates().server;
      const path = `\0asyncio-${Deno.pid}-${sockets++}`;
      return { path, tls: { cert, key } };
    },
    connecting: ({ addresses }) => ({
      path: (addresses[0] as Deno.UnixAddr).path,
      tls: { caCerts: [certificates().authority.cert] },
    }),
  },
};

const OTHER_WORDS = "node:tls says it in other words";
const ONE_DIRECTION = "TLS ends both directions at once";

const MODULES: Record<string, Record<string, string>> = {
  "connection_reading_test.ts": {
    "a read that is cancelled leaves its bytes": ONE_DIRECTION,
    "after writeEof": ONE_DIRECTION,
    "whose both directions have ended": ONE_DIRECTION,
    "the end of what the peer sends does not end": ONE_DIRECTION,
  },
  "connection_writing_test.ts": {
    "writing to a client that is lost": "an abort is no goodbye of TLS",
  },
  "connection_test.ts": {
    "getExtraInfo tells": "it tells that there is no TLS",
    "console.log shows the peer": "it shows the address of TCP",
  },
  "peek_test.ts": {},
  "pipe_to_test.ts": {
    "by writeEof": ONE_DIRECTION,
    "after a pipe its reader and writer": ONE_DIRECTION,
  },
  "web_streams_test.ts": {
    "an echo is one pipeTo": ONE_DIRECTION,
    "ends this direction at the end": ONE_DIRECTION,
    "told of writeEof": ONE_DIRECTION,
  },
  "idle_peer_test.ts": {},
  "lost_connection_test.ts": {},
};

/** The tests of TLS itself, run again with `node:tls`. */
const TLS_MODULES: Record<string, Record<string, string>> = {
  "tls_test.ts": {
    "a certificate that is not trusted rejects": OTHER_WORDS,
    "a certificate for another name rejects": OTHER_WORDS,
  },
  "tls_handshake_test.ts": {
    "given up as it succeeds": "it watches the runtime's own TLS",
    "a client taken when the server closes": "it watches the runtime's own TLS",
  },
};

async function defineAll(
  title: string,
  transport: Transport,
  modules: Record<string, Record<string, string>>,
): Promise<void> {
  for (const [module, skip] of Object.entries(modules)) {
    const url = new URL(`../${module}`, import.meta.url);
    await defineOver(title, transport, url, skip);
  }
}

if (has("openssl")) {
  for (const [title, transport] of Object.entries(TRANSPORTS)) {
    await defineAll(title, transport, MODULES);
    if (transport.client === undefined || title === "TLS by the runtime") {
      continue;
    }
    await defineAll(title, transport, TLS_MODULES);
  }
}
