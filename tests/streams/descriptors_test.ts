import { assertEquals } from "@std/assert";
import { runChild } from "./_child.ts";

Deno.test("a server without file descriptors pauses, says so once, and goes on", async () => {
  const clients: Deno.Conn[] = [];
  const lines = await runChild("_few_descriptors.ts", {
    limits: "ulimit -n 64;",
    async onFirst(port) {
      for (let i = 0; i < 100; i++) {
        const options = { hostname: "127.0.0.1", port: Number(port) };
        clients.push(await Deno.connect(options));
      }
    },
  });
  for (const conn of clients) conn.close();
  assertEquals(lines, [
    "paused: true",
    "served: 100",
    "reports: 1",
    "Out of file descriptors: the server on 127.0.0.1:PORT goes on in a second, and then every second until it can",
    "Error: Too many open files (os error 24)",
  ]);
});

Deno.test("a server without file descriptors outlives its own report on stderr", async () => {
  const lines = await runChild("_no_descriptors.ts", {
    limits: "ulimit -n 64;",
  });
  assertEquals(lines, ["the end"]);
});
