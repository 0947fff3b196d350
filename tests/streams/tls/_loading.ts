/**
 * A program that tells which modules of Node were loaded by then.
 *
 * @module
 */
import { LOOPBACK } from "../../_helpers/loopback.ts";

const loaded = new Set<string>();
const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): unknown };
};
const { getBuiltinModule } = process;
process.getBuiltinModule = (name) => {
  loaded.add(name);
  return getBuiltinModule.call(process, name);
};

const { openConnection, startServer } = await import(
  "@asyncio/asyncio/streams"
);
const [cert, key, authority] = Deno.args as [string, string, string];

/** An echo over TLS. */
async function echo(peerCertificate: boolean): Promise<void> {
  await using server = await startServer(async (reader, writer) => {
    writer.write(await reader.readLine());
    writer.close();
  }, { ...LOOPBACK, tls: { cert, key } });
  const { reader, writer } = await openConnection({
    hostname: "localhost",
    port: (server.addresses[0] as Deno.NetAddr).port,
    tls: { caCerts: [authority], peerCertificate },
  });
  writer.write("hello\n");
  await reader.read();
  writer.close();
}

const show = (way: string) =>
  console.log(`${way}: ${[...loaded].sort().join(", ")}`);

console.log("started");
await echo(false);
show("by the runtime");
await echo(true);
show("by node:tls");
