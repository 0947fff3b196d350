/**
 * A program that serves at each of the given paths that it gets, beside others
 * that try the same; prints "mine" or "lost" for each, when all have tried.
 *
 * @module
 */
import { startUnixServer } from "@asyncio/asyncio/streams";

const mine = new Map<string, number | null>();
const inodeOf = (path: string) => Deno.lstatSync(path).ino;
console.log("started");
for (const path of Deno.args) {
  try {
    await startUnixServer(() => {}, { path });
    mine.set(path, inodeOf(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
}
await new Promise((resolve) => setTimeout(resolve, 1000));
for (const [path, inode] of mine) {
  console.log(inodeOf(path) === inode ? "mine" : "lost");
}
Deno.exit(0);
