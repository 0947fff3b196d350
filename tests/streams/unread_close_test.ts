import { assertEquals } from "@std/assert";
import { Event } from "@asyncio/asyncio/sync";
import { startServer, type StreamWriter } from "@asyncio/asyncio/streams";
import { has } from "../_helpers/installed.ts";
import { certificates } from "./_certificates.ts";
import { bytes, portOf, readAll } from "./_sockets.ts";
import { serving } from "./_tls.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { Folder } from "../_helpers/folder.ts";

// The system answers the close of a socket with bytes unread by a reset, and
// drops what is still on its way to the peer.

const ANSWER = "x".repeat(5_000_000);

for (const kind of ["TCP", "TLS", "Unix"] as const) {
  Deno.test({
    name:
      `over ${kind}, a client that was answered unread gets all of the answer`,
    ignore: kind === "TLS" && !has("openssl"),
    async fn() {
      const asked = new Event();
      const answer = async (_reader: unknown, writer: StreamWriter) => {
        await asked.wait();
        writer.write(ANSWER);
        writer.close();
      };
      await using folder = new Folder();
      const path = folder.file("answer.sock");
      await using server = await startServer(
        answer,
        kind === "TLS" ? serving() : kind === "TCP" ? LOOPBACK : { path },
      );
      const client = kind === "Unix"
        ? await Deno.connect({ transport: "unix", path })
        : kind === "TCP"
        ? await Deno.connect({ ...LOOPBACK, port: portOf(server) })
        : await Deno.connectTls({
          hostname: "localhost",
          port: portOf(server),
          caCerts: [certificates().authority.cert],
        });
      await client.write(bytes("what?\n"));
      asked.set();
      assertEquals((await readAll(client)).length, ANSWER.length);
      client.close();
    },
  });
}
