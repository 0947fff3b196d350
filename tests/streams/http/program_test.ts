import { assertEquals } from "@std/assert";
import { Program } from "../../_helpers/program.ts";

const HEAD = `
import { run, serve, sleep } from "@asyncio/asyncio";
const options = { hostname: "127.0.0.1" };
const urlOf = (server: { addresses: Deno.Addr[] }) =>
  "http://127.0.0.1:" + (server.addresses[0] as Deno.NetAddr).port;
`;

Deno.test("nothing is written, though the client is looked for and the signal used", async () => {
  const program = await Program.start(`${HEAD}
    await run(async () => {
      const server = await serve(async (request) => {
        request.signal.addEventListener("abort", () => {});
        await sleep(5);
        return new Response("fine");
      }, options);
      console.log(await (await fetch(urlOf(server))).text());
      await server.shutdown();
      console.warn("what the program warns of is written");
    });
  `);
  const { code, stdout, stderr } = await program.ended();
  assertEquals([code, stdout], [0, "fine\n"]);
  assertEquals(stderr, "what the program warns of is written\n");
});

Deno.test("the program's own warnings are written while it serves", async () => {
  const program = await Program.start(`${HEAD}
    await run(async () => {
      const server = await serve(() => {
        console.warn("handled %d", 1);
        return new Response();
      }, options);
      await (await fetch(urlOf(server))).text();
    });
  `);
  assertEquals((await program.ended()).stderr, "handled 1\n");
});

Deno.test("a signal ends a program that serves: handlers, endless bodies and WebSockets", async () => {
  const program = await Program.start(`${HEAD}
    async function* forever() {
      try {
        for (;;) {
          yield "x";
          await sleep(1);
        }
      } finally {
        console.log("body ended");
      }
    }
    await run(async () => {
      const server = await serve(async (request) => {
        if (request.url.endsWith("/body")) {
          const body = ReadableStream.from(forever());
          return new Response(body.pipeThrough(new TextEncoderStream()));
        }
        if (request.url.endsWith("/socket")) {
          return Deno.upgradeWebSocket(request).response;
        }
        try {
          await sleep(60_000);
        } finally {
          console.log("handler ended");
        }
        return new Response();
      }, options);
      const url = urlOf(server);
      void fetch(url).catch(() => {});
      const { body } = await fetch(url + "/body");
      await body!.getReader().read();
      const socket = new WebSocket(url.replace("http", "ws") + "/socket");
      await new Promise((resolve) => socket.onopen = resolve);
      socket.onclose = ({ code }) => console.log("socket", code);
      console.log("ready");
      Deno.kill(Deno.pid, "SIGINT");
      await server.serveForever();
    }).catch(({ name }) => console.log(name));
    await new Promise((resolve) => setTimeout(resolve, 50));
    Deno.exit();
  `);
  const { stdout, stderr } = await program.ended();
  const lines = stdout.trim().split("\n");
  assertEquals(lines[0], "ready");
  assertEquals(lines.slice(1).sort(), [
    "InterruptError",
    "body ended",
    "handler ended",
    "socket 1001",
  ]);
  assertEquals(stderr, "");
});
