import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve } from "@asyncio/asyncio/streams";
import { getRunningLoop } from "@asyncio/asyncio/tasks";
import { runChild } from "../_child.ts";
import { outputOf, testWith } from "../_programs.ts";
import { get, portOf, serving } from "./_http.ts";
import { Folder } from "../../_helpers/folder.ts";

const hello = () => new Response("hello");

async function getUnix(path: string): Promise<string> {
  const proxy = { transport: "unix", path } as const;
  using client = Deno.createHttpClient({ proxy });
  return await (await fetch("http://localhost/", { client })).text();
}

Deno.test("without a port it listens on a free one", async () => {
  await using one = await serving(hello);
  await using other = await serving(hello);
  assert(portOf(one) > 0);
  assert(portOf(one) !== portOf(other));
});

Deno.test("without a host it listens on all addresses", async () => {
  await using server = await serve(hello);
  assertEquals((server.addresses[0] as Deno.NetAddr).hostname, "0.0.0.0");
  assertEquals(await get(server), [200, "hello"]);
});

Deno.test("it listens on all addresses of a name, with one port", async () => {
  await using server = await serve(hello, { hostname: "localhost" });
  const ports = server.addresses.map((addr) => (addr as Deno.NetAddr).port);
  assertEquals(new Set(ports).size, 1);
  for (const { hostname, port } of server.addresses as Deno.NetAddr[]) {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const headers = { connection: "close" };
    const response = await fetch(`http://${host}:${port}/`, { headers });
    assertEquals(await response.text(), "hello");
  }
});

Deno.test("a port that is taken is an error", async () => {
  await using server = await serving(hello);
  const port = portOf(server);
  await assertRejects(() => serving(hello, { port }), Deno.errors.AddrInUse);
});

Deno.test("after a shutdown the port is free at once", async () => {
  const first = await serving(hello);
  const port = portOf(first);
  await first.shutdown();
  await using second = await serving(hello, { port });
  assertEquals(await get(second), [200, "hello"]);
});

// Unix sockets

Deno.test("it serves at a Unix socket, whose file goes with it", async () => {
  await using folder = new Folder();
  let addr: unknown;
  {
    await using server = await serve((_request, info) => {
      addr = info.remoteAddr;
      return new Response("hello");
    }, { path: folder.socket });
    const own = { transport: "unix", path: folder.socket } as const;
    assertEquals(server.addresses, [own]);
    assertEquals(await getUnix(folder.socket), "hello");
    assertEquals(addr, own);
    assertEquals([...Deno.readDirSync(folder.path)].length, 1);
  }
  assertEquals([...Deno.readDirSync(folder.path)].length, 0);
});

Deno.test("the file of a crashed server is replaced, that of a live one is not", async () => {
  await using folder = new Folder();
  const listener = Deno.listen({ transport: "unix", path: `${folder.path}/x` });
  Deno.linkSync(`${folder.path}/x`, folder.socket);
  listener.close();
  await using _server = await serve(hello, { path: folder.socket });
  assertEquals(await getUnix(folder.socket), "hello");
  await assertRejects(
    () => serve(hello, { path: folder.socket }),
    Deno.errors.AddrInUse,
  );
  assertEquals(await getUnix(folder.socket), "hello");
});

testWith(["curl"], "curl gets from a Unix socket", async () => {
  await using folder = new Folder();
  await using _server = await serve(hello, { path: folder.socket });
  const args = [
    "--silent",
    "--unix-socket",
    folder.socket,
    "http://localhost/",
  ];
  assertEquals(await outputOf("curl", args), "hello");
});

Deno.test("a WebSocket that is upgraded at a Unix socket by a handler that fails ends alone", async () => {
  await using folder = new Folder();
  getRunningLoop().setExceptionHandler(() => {});
  await using _server = await serve((request) => {
    if (request.headers.has("upgrade")) {
      Deno.upgradeWebSocket(request).socket.onerror = () => {};
    }
    return new Response("hello");
  }, { path: folder.socket });
  const conn = await Deno.connect({ transport: "unix", path: folder.socket });
  const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n" +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  await conn.write(new TextEncoder().encode(request));
  await conn.read(new Uint8Array(1000));
  conn.close();
  assertEquals(await getUnix(folder.socket), "hello");
  getRunningLoop().setExceptionHandler(undefined);
});

// What the runtime gives up

Deno.test("a server that the runtime has given up, without descriptors, serves again", async () => {
  const clients: Deno.Conn[] = [];
  let answer = "";
  const lines = await runChild("http/_few_descriptors.ts", {
    limits: "ulimit -n 64;",
    async onFirst(line) {
      const options = { hostname: "127.0.0.1", port: Number(line) };
      const connect = () => Deno.connect(options).catch(() => undefined);
      // Until it refuses them.
      for (let conn = await connect(); conn; conn = await connect()) {
        clients.push(conn);
      }
      for (const conn of clients) conn.close();
      const url = `http://127.0.0.1:${options.port}/`;
      while (answer === "") {
        answer = await fetch(url).then((it) => it.text(), () => "");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  });
  assertEquals(answer, "hello");
  assertEquals(lines, [
    "reported",
    "Out of file descriptors: the server on 127.0.0.1:PORT goes on in a second, and then every second until it can",
  ]);
});
