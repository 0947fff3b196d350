/**
 * Starts two servers on one port: a program of its own, since it takes a flag.
 *
 * @module
 */
import { startServer } from "@asyncio/asyncio/streams";

const options = { hostname: "127.0.0.1", reusePort: true };
await using first = await startServer(() => {}, options);
const { port } = first.addresses[0] as Deno.NetAddr;
console.log(port);
await using second = await startServer(() => {}, { ...options, port });
console.log((second.addresses[0] as Deno.NetAddr).port === port);
