import { assert, assertEquals } from "@std/assert";
import { runSubprocess } from "@asyncio/asyncio/process";
import { ignore, NatsServer } from "../nats/_nats_server.ts";
import { Collector } from "./_collector.ts";

const PROGRAM = new URL("_telemetry_program.ts", import.meta.url).pathname;

const ORDER = new URL("_telemetry_order.ts", import.meta.url).pathname;

const PRODUCER = 4, CONSUMER = 5;

async function runProgram(
  env: Record<string, string>,
  args: string[] = [],
): Promise<void> {
  const rest = ["run", "-A", "--quiet", PROGRAM, ...args];
  await runSubprocess([Deno.execPath(), ...rest], { env, check: true });
}

async function collected(...args: string[]): Promise<Collector> {
  const collector = new Collector();
  await runProgram(collector.env, args);
  return collector;
}

async function testSpans(
  collector: Collector,
  system: string,
  name: string,
): Promise<void> {
  const spans = collector.spans.filter(({ attributes }) =>
    attributes["messaging.system"] === system
  );
  const shown = spans.map(({ name, kind, failed, attributes }) =>
    [
      name,
      kind,
      attributes["messaging.operation.type"],
      attributes["messaging.message.id"],
      failed ? attributes["error.type"] : "",
    ].join()
  ).toSorted();
  const id = spans.find((it) => it.failed && it.kind === PRODUCER);
  assertEquals(shown, [
    `process ${name},${CONSUMER},process,1,`,
    `process ${name},${CONSUMER},process,2,TypeError`,
    `put ${name},${PRODUCER},send,,RangeError`,
    `put ${name},${PRODUCER},send,1,`,
    `put ${name},${PRODUCER},send,2,`,
  ]);
  assert(id !== undefined);
  for (const span of spans) {
    if (span.kind !== CONSUMER) continue;
    const put = spans.find((it) =>
      it.kind === PRODUCER && it.attributes["messaging.message.id"] ===
        span.attributes["messaging.message.id"]
    );
    assertEquals(span.links, [put!.id]);
  }
  assertEquals(
    [
      collector.metrics.get("messaging.client.sent.messages put"),
      collector.metrics.get("messaging.client.consumed.messages process"),
      collector.metrics.get("messaging.client.operation.duration put"),
      collector.metrics.get("messaging.process.duration process"),
    ],
    [2, 2, 3, 2],
  );
  // Durations are in seconds: the default buckets, for milliseconds, do not fit.
  const histograms = [
    "messaging.client.operation.duration",
    "messaging.process.duration",
  ];
  for (const histogram of histograms) {
    const bounds = collector.bounds.get(histogram)!;
    assertEquals([bounds[0], bounds.at(-1)], [0.005, 10], histogram);
  }
  await collector[Symbol.asyncDispose]();
}

Deno.test("telemetry: puts and handlers are spans that are linked, and metrics, in memory", async () => {
  await testSpans(await collected(), "memory", "memoryJobs");
});

Deno.test({
  name:
    "telemetry: puts and handlers are spans that are linked, and metrics, over NATS",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    await testSpans(await collected(server.address), "nats", "mails");
  },
});

Deno.test("telemetry: a put has its effect when it is called, as without it", async () => {
  await using collector = new Collector();
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", ORDER],
    { env: collector.env, check: true, captureOutput: true },
  );
  assertEquals(stdout, "2\n");
});

Deno.test("telemetry: without OpenTelemetry nothing is sent", async () => {
  await using collector = new Collector();
  await runProgram({ ...collector.env, OTEL_DENO: "false" });
  assertEquals(collector.spans, []);
});
