import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  startServer,
  type StreamReader,
  type Streams,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { certificates } from "./_certificates.ts";
import { outputOf, ServerProgram, testWith } from "./_programs.ts";
import { portOf, text } from "./_sockets.ts";
import { serving, trusting } from "./_tls.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { Folder } from "../_helpers/folder.ts";
import { freePort } from "../_helpers/free_port.ts";

/** Tries until the server is there. */
async function connectSoon(options: ConnectOptions): Promise<Streams> {
  const end = performance.now() + 20_000;
  while (true) {
    try {
      return await openConnection(options);
    } catch (error) {
      if (performance.now() > end) throw error;
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/**
 * One HTTP request on a connection that stays open: the status line and the
 * body.
 */
async function get(
  { reader, writer }: Streams,
  path: string,
): Promise<{ status: string; body: string }> {
  writer.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return await readResponse(reader);
}

async function readResponse(
  reader: StreamReader,
): Promise<{ status: string; body: string }> {
  const head = text(await reader.readUntil("\r\n\r\n"));
  const length = Number(/content-length: (\d+)/i.exec(head)![1]);
  const body = text(await reader.readExactly(length));
  return { status: head.split("\r\n", 1)[0]!, body };
}

/** Answers every request with its path. */
async function answerWithPath(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  while (true) {
    const head = text(
      await reader.readUntil("\r\n\r\n").catch(() => new Uint8Array()),
    );
    if (head === "") break;
    const path = head.split(" ")[1]!;
    writer.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`,
    );
    await writer.drain();
  }
  writer.close();
}

// nginx

/**
 * nginx with a plain and an encrypted port, which asks for a client's
 * certificate; and a proxy to `upstream`.
 */
function nginx(port: number, tlsPort: number, upstream: number): ServerProgram {
  const folder = new Folder();
  const { server, authority } = certificates();
  Deno.writeTextFileSync(folder.file("file"), "0123456789".repeat(100_000));
  Deno.chmodSync(folder.path, 0o755);
  Deno.writeTextFileSync(
    folder.file("nginx.conf"),
    `
    daemon off; master_process off; error_log ${folder.path}/error.log;
    pid ${folder.path}/pid;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder.path}; proxy_temp_path ${folder.path};
      fastcgi_temp_path ${folder.path}; uwsgi_temp_path ${folder.path};
      scgi_temp_path ${folder.path};
      server {
        listen 127.0.0.1:${port};
        location /hello { return 200 "hello"; }
        location /file { root ${folder.path}; }
        location /proxy { proxy_pass http://127.0.0.1:${upstream}; proxy_http_version 1.1; }
      }
      server {
        listen 127.0.0.1:${tlsPort} ssl;
        ssl_certificate ${server.certPath}; ssl_certificate_key ${server.keyPath};
        ssl_client_certificate ${authority.certPath}; ssl_verify_client optional;
        location / { return 200 $ssl_client_verify; }
      }
    }`,
  );
  const args = ["-c", folder.file("nginx.conf")];
  return new ServerProgram("nginx", args, { folder });
}

testWith(
  ["nginx", "openssl"],
  "nginx over TCP: requests one after the other and pipelined, a large file, and as a proxy",
  async () => {
    await using upstream = await startServer(answerWithPath, LOOPBACK);
    const port = freePort();
    await using _nginx = nginx(port, freePort(), portOf(upstream));
    const streams = await connectSoon({ ...LOOPBACK, port });
    for (let i = 0; i < 3; i++) {
      assertEquals(await get(streams, "/hello"), {
        status: "HTTP/1.1 200 OK",
        body: "hello",
      });
    }
    const { reader, writer } = streams;
    for (let i = 0; i < 10; i++) {
      writer.write("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for (let i = 0; i < 10; i++) {
      assertEquals((await readResponse(reader)).body, "hello");
    }
    assertEquals((await get(streams, "/file")).body.length, 1_000_000);
    assertEquals((await get(streams, "/proxy/path")).body, "/proxy/path");
    writer.close();
    await writer.waitClosed();
  },
);

testWith(
  ["nginx", "openssl"],
  "nginx over TLS, with and without a client's certificate",
  async () => {
    const port = freePort();
    await using _nginx = nginx(freePort(), port, 1);
    const { cert, key } = certificates().client;
    const plain = await connectSoon(trusting(port));
    assertEquals((await get(plain, "/")).body, "NONE");
    plain.writer.close();
    const known = await openConnection(trusting(port, { cert, key }));
    assertEquals((await get(known, "/")).body, "SUCCESS");
    known.writer.close();
    await assertRejects(
      () => openConnection({ hostname: "localhost", port, tls: true }),
      Deno.errors.InvalidData,
    );
  },
);

// curl

testWith(["curl"], "curl over TCP", async () => {
  await using server = await startServer(answerWithPath, LOOPBACK);
  const url = `http://127.0.0.1:${portOf(server)}`;
  const output = await outputOf("curl", ["-s", `${url}/one`, `${url}/two`]);
  assertEquals(output, "/one/two");
});

testWith(["curl", "openssl"], "curl over TLS", async () => {
  await using server = await startServer(answerWithPath, serving());
  const output = await outputOf("curl", [
    "-s",
    "--cacert",
    certificates().authority.certPath,
    "--resolve",
    `localhost:${portOf(server)}:127.0.0.1`,
    `https://localhost:${portOf(server)}/path`,
  ]);
  assertEquals(output, "/path");
});

// openssl

testWith(
  ["openssl"],
  "openssl s_client talks to a server, and finds its end no cut",
  async () => {
    await using server = await startServer(async (reader, writer) => {
      writer.write(`you said ${text(await reader.readLine())}`);
      writer.close();
    }, serving());
    const child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-connect", `127.0.0.1:${portOf(server)}`],
        ...["-servername", "localhost", "-verify_return_error"],
        ...["-CAfile", certificates().authority.certPath],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdin = child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("hello\n"));
    const { success, stdout, stderr } = await child.output();
    await stdin.close().catch(() => {});
    assertMatch(text(stdout), /you said hello/);
    assertMatch(text(stdout), /closed\n$/);
    assert(!/unexpected eof/i.test(text(stderr)), text(stderr));
    assert(success);
  },
);

for (
  const [way, more] of [
    ["the runtime", {}],
    ["node:tls", { peerCertificate: true }],
  ] as const
) {
  testWith(
    ["openssl"],
    `openssl s_server asks for a client's certificate, by ${way}`,
    async () => {
      const { server, client, authority } = certificates();
      const port = freePort();
      await using _server = new ServerProgram("openssl", [
        ...["s_server", "-accept", `127.0.0.1:${port}`, "-quiet", "-rev"],
        ...["-cert", server.certPath, "-key", server.keyPath],
        ...[
          "-CAfile",
          authority.certPath,
          "-Verify",
          "1",
          "-verify_return_error",
        ],
      ]);
      const { cert, key } = client;
      const { reader, writer } = await connectSoon(
        trusting(port, { cert, key, ...more }),
      );
      writer.write("hello\n");
      assertEquals(text(await reader.readLine()), "olleh\n");
      writer.close();
      const stranger = await openConnection(trusting(port, more));
      await assertRejects(
        () => stranger.reader.readLine(),
        Deno.errors.InvalidData,
      );
    },
  );
}
