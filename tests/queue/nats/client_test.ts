/**
 * What the queue needs of NATS's client beyond its root: in the version that is
 * pinned, and in the newest of its series.
 */
import { assert, assertEquals } from "@std/assert";
import { connect, type Msg } from "../../../queue/nats/transport/client.ts";
import { headersIn } from "../../../queue/nats/transport/headers.ts";
import { ignore, NatsServer } from "./_nats_server.ts";

const CLIENT = "@nats-io/transport-node";

/** What is overridden. */
const METHODS = [
  "connect",
  "close",
  "dial",
  "tlsFirst",
  "startTLS",
  "discard",
];

for (const version of ["3.4.0", "~3.4.0"]) {
  Deno.test({
    name: `NATS's client ${version} has the transport that is guarded`,
    // Its resolver keeps a look-up of the network's names.
    sanitizeResources: false,
    async fn() {
      const root = await import(`npm:${CLIENT}@${version}`);
      const inside = await import(
        `npm:${CLIENT}@${version}/lib/node_transport.js`
      );
      for (const method of METHODS) {
        const kind = typeof inside.NodeTransport.prototype[method];
        assertEquals([method, kind], [method, "function"]);
      }
      assertEquals(typeof inside.nodeResolveHost, "function");
      assertEquals(typeof root.setTransportFactory, "function");
      assertEquals(typeof root.NatsConnectionImpl.connect, "function");
    },
  });
}

for (const version of ["3.4.0", "~3.4.0"]) {
  Deno.test({
    name: `a message of NATS's client ${version} keeps its headers as bytes`,
    ignore,
    sanitizeResources: false,
    async fn() {
      await using server = await NatsServer.start();
      const client = await import(`npm:${CLIENT}@${version}`);
      const connection = await client.connect({ servers: server.address });
      const received: Msg[] = [];
      connection.subscribe("a", {
        callback: (_: unknown, message: Msg) => received.push(message),
      });
      const headers = client.headers();
      headers.set("Nats-Msg-Id", "1");
      headers.set("Jobs", '{"named":1}');
      connection.publish("a", "with", { headers });
      connection.publish("a", "without");
      await connection.flush();
      const names = ["Nats-Msg-Id", "Jobs", "obs", "Msg-Id"];
      assertEquals(received.map((it) => names.map(headersIn(it))), [
        ["1", '{"named":1}', "", ""],
        ["", "", "", ""],
      ]);
      await connection.close();
    },
  });
}

Deno.test({
  name: "the client tells which server it connects to, also again",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    const dialled: string[] = [];
    const connection = await connect({
      servers: server.address,
      reconnectTimeWait: 20,
      onDial: (address) => void dialled.push(address),
    });
    await connection.reconnect();
    for await (const { type } of connection.status()) {
      if (type === "reconnect") break;
    }
    await connection.close();
    assert(dialled.length >= 2);
    assertEquals(new Set(dialled), new Set([server.address]));
  },
});
