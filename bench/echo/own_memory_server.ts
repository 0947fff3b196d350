/**
 * The same as `plain_server.ts`, but what is read is the caller's own: the least
 * that a server can do whose reads give bytes.
 */
async function serve(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    const own = buffer.slice(0, n);
    for (let sent = 0; sent < n;) {
      sent += await conn.write(own.subarray(sent));
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
