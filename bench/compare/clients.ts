/**
 * Clients that only connect: `deno run ... clients.ts PORT COUNT` says when all
 * are there, and holds them until it ends.
 */
const [port, count] = Deno.args.map(Number) as [number, number];

const clients: Deno.Conn[] = [];
for (let i = 0; i < count; i++) {
  clients.push(await Deno.connect({ hostname: "127.0.0.1", port }));
}
console.log(clients.length);
await Deno.stdin.read(new Uint8Array(1)); // for as long as it is open
