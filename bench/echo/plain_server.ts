/**
 * The least that a server on the runtime's own connections can do; with the
 * argument `own`, one whose reads give bytes of their own.
 */
const isOwn = Deno.args.includes("own");

async function serve(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    const bytes = isOwn ? buffer.slice(0, n) : buffer;
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
