/**
 * The least that a server on the runtime's own connections can do. With the
 * argument `own` it is one that promises what a reader and a writer do: a read
 * gives memory of the caller's own, and a write takes the bytes as they are. With
 * `web` it is a pipe of the connection's own Web Streams.
 */
const [kind] = Deno.args;

async function serve(conn: Deno.Conn): Promise<void> {
  if (kind === "web") return await conn.readable.pipeTo(conn.writable);
  const buffer = new Uint8Array(65536);
  const taken = new Uint8Array(65536);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    let bytes = buffer;
    if (kind === "own") {
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
