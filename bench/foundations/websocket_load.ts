/**
 * Messages to a WebSocket echo server and back, over some connections, one at a time
 * on each: `websocket_load.ts PORT CONNECTIONS SIZE SECONDS` prints how many.
 *
 * @module
 */
const [port, connections, size, seconds] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
];

/** A binary frame of zeros; the mask is zeros as well. */
function frame(size: number): Uint8Array<ArrayBuffer> {
  const head = size < 126
    ? [0x82, 128 | size]
    : [0x82, 254, size >> 8, size & 255];
  const bytes = new Uint8Array(head.length + 4 + size);
  bytes.set(head);
  return bytes;
}

const REQUEST = [
  ...["GET / HTTP/1.1", "Host: x", "Upgrade: websocket"],
  ...["Connection: Upgrade", "Sec-WebSocket-Version: 13"],
  ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
].join("\r\n");

async function open(): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay();
  await conn.write(new TextEncoder().encode(REQUEST));
  let text = "";
  const buffer = new Uint8Array(4096);
  while (!text.endsWith("\r\n\r\n")) {
    const count = await conn.read(buffer);
    text += new TextDecoder().decode(buffer.subarray(0, count!));
  }
  return conn;
}

let messages = 0;
let end = Infinity;

async function load(conn: Deno.TcpConn): Promise<void> {
  const bytes = frame(size);
  const wanted = bytes.length - 4;
  const buffer = new Uint8Array(wanted);
  while (performance.now() < end) {
    for (let at = 0; at < bytes.length;) {
      at += await conn.write(bytes.subarray(at));
    }
    for (let at = 0; at < wanted;) {
      at += (await conn.read(buffer.subarray(at)))!;
    }
    messages++;
  }
}

const conns = await Promise.all(Array.from({ length: connections }, open));
end = performance.now() + seconds * 1000;
await Promise.all(conns.map(load));
console.log(messages);
Deno.exit();
