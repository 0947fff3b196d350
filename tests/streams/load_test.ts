import { assert, assertEquals } from "@std/assert";
import { openConnection, type Streams } from "@asyncio/asyncio/streams";
import { gather, run } from "@asyncio/asyncio/tasks";
import { runChild } from "./_child.ts";
import { text } from "./_sockets.ts";

const CLIENTS = 5000;

async function ask({ reader, writer }: Streams, line: string): Promise<string> {
  writer.write(line);
  return text(await reader.readLine());
}

interface Stats {
  connections: number;
  megabytes: number;
  descriptors: number;
}

Deno.test("a server and a client with 5 000 connections at once, each in less than 2 GB, leave nothing open", async () => {
  await runChild("_echo_server.ts", {
    limits: "ulimit -n 20000 2>/dev/null;",
    onFirst: (line) =>
      run(async () => {
        const port = Number(line);
        const control = await openConnection({ port });
        const stats = async (): Promise<Stats> =>
          JSON.parse(await ask(control, "stats\n"));

        const clients: Streams[] = [];
        while (clients.length < CLIENTS) {
          const more = Array.from(
            { length: 250 },
            () => () => openConnection({ port }),
          );
          clients.push(...await gather(more));
        }
        for (let round = 0; round < 2; round++) {
          const answers = await gather(
            clients.map((client, i) => () => ask(client, `client ${i}\n`)),
          );
          answers.forEach((answer, i) => assertEquals(answer, `client ${i}\n`));
        }
        const { connections, megabytes } = await stats();
        assertEquals(connections, CLIENTS + 1);
        assert(megabytes < 2000, `${megabytes} MB`);
        assert(Deno.memoryUsage().rss < 2e9);

        for (const { writer } of clients) writer.close();
        while ((await stats()).connections > 1);
        assertEquals((await stats()).descriptors, 0);
        control.writer.write("end\n");
      }),
  });
});

Deno.test("a connection that carried a lot keeps no more than 64 KiB for each direction while it is idle", async () => {
  const [kilobytes] = await runChild("_idle_connections.ts", {
    flags: ["--v8-flags=--expose-gc"],
    limits: "ulimit -n 20000 2>/dev/null;",
  });
  assert(Number(kilobytes) < 64, `${kilobytes} kB`);
});
