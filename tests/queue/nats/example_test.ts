import { assertEquals, assertMatch } from "@std/assert";
import { runSubprocess } from "@asyncio/asyncio/process";
import { ignore, NatsServer } from "./_nats_server.ts";

Deno.test({
  name:
    "examples/job_workers.ts: processes on a nats-server do every job, though one of them is killed",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    const program = new URL(
      "../../../examples/job_workers.ts",
      import.meta.url,
    );
    const { stdout, stderr } = await runSubprocess(
      [Deno.execPath(), "run", "-A", "--quiet", program.pathname],
      {
        env: { JOBS: `nats://${server.address}`, NO_COLOR: "1" },
        captureOutput: true,
        check: true,
        timeout: 60_000,
      },
    );
    assertEquals(stderr, "");
    assertMatch(stdout!, /^dead +order 13: given up after 3 attempts/m);
    const orders = [...stdout!.matchAll(/^(?:ada|bob|cyd) +\d+ ([\d,]+)$/gm)]
      .flatMap(([, list]) => list!.split(",")).map(Number);
    const expected = Array.from({ length: 24 }, (_, i) => i + 1)
      .filter((n) => n !== 13);
    assertEquals(orders.toSorted((a, b) => a - b), expected);
  },
});
