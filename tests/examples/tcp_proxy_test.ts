import { assert, assertEquals } from "@std/assert";
import { startProxy } from "../../examples/tcp_proxy.ts";
import { run } from "@asyncio/asyncio/tasks";
import { outputOf, ServerProgram, testWith } from "../streams/_programs.ts";
import { resettingServer } from "../streams/_resetting.ts";
import { Example } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";
import { freePort } from "../_helpers/free_port.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };
const MEGABYTE = 1 << 20;

/** The proxy, as a program, in front of a port. */
async function start(
  target: number,
): Promise<{ proxy: Example; port: number }> {
  const proxy = new Example("tcp_proxy.ts", ["0", `127.0.0.1:${target}`]);
  const [, port] = await proxy.line(/^listening on (\d+)$/);
  return { proxy, port: Number(port) };
}

/** What comes until the end. */
async function readAll(conn: Deno.Conn): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  while (true) {
    const buffer = new Uint8Array(65_536);
    const count = await conn.read(buffer);
    if (count === null) return await new Blob(chunks).text();
    chunks.push(buffer.subarray(0, count));
  }
}

async function write(conn: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  assertEquals(await conn.write(bytes), bytes.length);
}

async function read(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer);
  return count === null
    ? ""
    : new TextDecoder().decode(buffer.subarray(0, count));
}

/** nginx, which serves the files in a folder. */
async function serveFiles(
  folder: Folder,
  port: number,
): Promise<ServerProgram> {
  const { path } = folder;
  await folder.write(
    "nginx.conf",
    `daemon off; master_process off; error_log ${path}/error.log;
    pid ${path}/pid;
    events {}
    http {
      access_log off;
      client_body_temp_path ${path}; proxy_temp_path ${path};
      fastcgi_temp_path ${path}; uwsgi_temp_path ${path};
      scgi_temp_path ${path};
      server { listen 127.0.0.1:${port}; root ${path}; }
    }`,
  );
  await Deno.chmod(path, 0o755);
  return new ServerProgram("nginx", ["-c", `${path}/nginx.conf`]);
}

testWith(
  ["curl", "nginx", "cmp"],
  "curl gets from nginx through the proxy what nginx has",
  async () => {
    await using folder = new Folder();
    const random = crypto.getRandomValues(new Uint8Array(65_536));
    for (let i = 0; i < 160; i++) {
      await Deno.writeFile(folder.file("big"), random, { append: true });
    }
    const target = freePort();
    await using _server = await serveFiles(folder, target);
    const direct = `http://127.0.0.1:${target}/big`;
    const patience = ["--retry", "20", "--retry-connrefused"];
    await outputOf("curl", [...patience, "-fsS", "-o", "/dev/null", direct]);

    const { proxy, port } = await start(target);
    await using _proxy = proxy;
    const url = `http://127.0.0.1:${port}/big`;
    const copies = ["a", "b", "c", "d"].map((name) => folder.file(name));
    await Promise.all(
      copies.map((copy) => outputOf("curl", ["-fsS", "-o", copy, url])),
    );
    for (const copy of copies) {
      await outputOf("cmp", [folder.file("big"), copy]);
    }
    for (const _ of copies) await proxy.line(/^\d+ bytes went through$/);
  },
);

Deno.test("the proxy hands on the end of a direction, and leaves the other open", async () => {
  using listener = Deno.listen(LOOPBACK);
  const { proxy, port } = await start(listener.addr.port);
  await using _ = proxy;
  {
    using client = await Deno.connect({ port });
    using target = await listener.accept();
    await write(client, "question");
    await client.closeWrite();
    assertEquals(await readAll(target), "question");
    await write(target, "answer");
    await target.closeWrite();
    assertEquals(await readAll(client), "answer");
    await proxy.line(/^14 bytes went through$/);
  }
  { // and the other way round
    using client = await Deno.connect({ port });
    using target = await listener.accept();
    await write(target, "greeting");
    await target.closeWrite();
    assertEquals(await readAll(client), "greeting");
    await write(client, "reply");
    await client.closeWrite();
    assertEquals(await readAll(target), "reply");
    await proxy.line(/^13 bytes went through$/);
  }
});

Deno.test("the proxy holds back a side that sends faster than the other reads", async () => {
  using listener = Deno.listen(LOOPBACK);
  const { proxy, port } = await start(listener.addr.port);
  await using _ = proxy;
  using client = await Deno.connect({ port });
  using target = await listener.accept();
  const total = 128 * MEGABYTE;
  let sent = 0;
  let received = 0;
  let ahead = 0;
  const sending = (async () => {
    const chunk = new Uint8Array(MEGABYTE);
    while (sent < total) {
      sent += await client.write(chunk);
      ahead = Math.max(ahead, sent - received);
    }
    await client.closeWrite();
  })();
  const buffer = new Uint8Array(MEGABYTE / 4);
  while (true) {
    const count = await target.read(buffer);
    if (count === null) break;
    received += count;
    await new Promise((resolve) => setTimeout(resolve)); // a slow reader
  }
  await sending;
  assertEquals(received, sent);
  // What the system's own buffers hold, and a little more.
  assert(ahead < total / 2, `${ahead / MEGABYTE} MB were on their way`);
});

Deno.test("a connection that is lost on one side is ended on the other", async () => {
  await using target = await resettingServer();
  const { proxy, port } = await start(target.port);
  await using _ = proxy;
  using client = await Deno.connect({ port });
  await write(client, "x");
  assertEquals(await read(client).catch(() => ""), "");
  await proxy.line(/reset/);
  await proxy.line(/^1 bytes went through$/);
});

Deno.test("a client whose target is not there is let go, and others are served", async () => {
  const target = freePort();
  const { proxy, port } = await start(target);
  await using _ = proxy;
  {
    using client = await Deno.connect({ port });
    assertEquals(await read(client).catch(() => ""), "");
    await proxy.line(/ConnectionRefused/);
  }
  using listener = Deno.listen({ ...LOOPBACK, port: target });
  using client = await Deno.connect({ port });
  using there = await listener.accept();
  await write(client, "hello");
  assertEquals(await read(there), "hello");
});

Deno.test("a connection in which nothing moves is ended, one that is in use is not", async () => {
  using listener = Deno.listen(LOOPBACK);
  await run(async () => {
    const proxy = await startProxy(listener.addr, { idle: 1_000 });
    const { port } = proxy.addresses[0] as Deno.NetAddr;
    const started = performance.now();
    using client = await Deno.connect({ port });
    using target = await listener.accept();
    // In use for longer than that, one way and then the other.
    for (const [from, to] of [[client, target], [target, client]] as const) {
      const end = performance.now() + 600;
      while (performance.now() < end) {
        await write(from, "x");
        assertEquals(await read(to), "x");
      }
    }
    assertEquals(await read(client).catch(() => ""), "");
    assertEquals(await read(target).catch(() => ""), "");
    assert(performance.now() - started >= 2_000);
  });
});

Deno.test("on Ctrl-C the proxy takes no new clients, and lets the others finish", async () => {
  using listener = Deno.listen(LOOPBACK);
  const { proxy, port } = await start(listener.addr.port);
  await using _ = proxy;
  using client = await Deno.connect({ port });
  using target = await listener.accept();
  await write(client, "before");
  assertEquals(await read(target), "before");
  proxy.kill("SIGINT");
  await proxy.line(/^connections to finish: 1$/);
  const late = await Deno.connect({ port }).catch(() => undefined);
  assertEquals(
    await late?.read(new Uint8Array(1)).catch(() => null) ?? null,
    null,
  );
  late?.close();
  await write(client, "after");
  assertEquals(await read(target), "after");
  client.close();
  assertEquals(await read(target), "");
  target.close();
  const { code, stdout, stderr, orphans } = await proxy.ended();
  assertEquals(stderr, "");
  assertEquals(code, 130);
  assertEquals(orphans, []);
  assert(stdout.endsWith("11 bytes went through\n"), stdout);
});
