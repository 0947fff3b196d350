/**
 * The least that a server on the runtime's own connections can do; with the
 * argument `same`, one that promises what a reader and a writer do: a read
 * gives memory of the caller's own, and a write takes the bytes as they are.
 */
const same = Deno.args.includes("same");

async function serve(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  const taken = new Uint8Array(65536);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    let bytes = buffer;
    if (same) {
      taken.set(buffer.slice(0, n));
      bytes = taken;
    }
    for (let sent = 0; sent < n;) {
      sent += await conn.write(bytes.subarray(sent, n));
    }
  }
  conn.close();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log((listener.addr as Deno.NetAddr).port);
for await (const conn of listener) {
  conn.setNoDelay(true);
  serve(conn).catch(() => {});
}
