/**
 * A program that ends with a connection open that it does not read any more.
 *
 * @module
 */
import { openConnection } from "@asyncio/asyncio/streams";
import { moveOnAfter } from "@asyncio/asyncio/tasks";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr as Deno.NetAddr;
const [streams, peer] = await Promise.all([
  openConnection({ port }),
  listener.accept(),
]);
console.log("open");
await new Promise((resolve) => setTimeout(resolve, 300)); // it is idle by now
await peer.write(new Uint8Array(1));
await streams.reader.readExactly(1); // this one keeps it alive
await moveOnAfter(1, () => streams.reader.readExactly(1)); // this one no more
console.log("the end");
