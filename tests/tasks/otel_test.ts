/**
 * The active span, and every other value that travels in an asynchronous
 * context, goes where the code goes: first with a store of our own, then with
 * the runtime's tracing and a collector.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import {
  type Coroutine,
  createTask,
  Future,
  gather,
  getRunningLoop,
  run,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";

/** More than may be woken in a turn, so that the ready queue is used too. */
const MANY = 600;

const store = new AsyncLocalStorage<string>();

/** Runs `body` in two contexts, and says which values it has found in each. */
async function valuesIn(
  body: (find: () => void) => PromiseLike<unknown>,
): Promise<Record<string, string[]>> {
  const found: Record<string, Set<string>> = {
    red: new Set(),
    blue: new Set(),
  };
  await run(() =>
    gather(
      ["red", "blue"].map((color) => () =>
        store.run(
          color,
          () => body(() => found[color]!.add(store.getStore() ?? "none")),
        )
      ),
    )
  );
  return { red: [...found.red!], blue: [...found.blue!] };
}

const OWN = { red: ["red"], blue: ["blue"] };

function many(work: Coroutine<unknown>): Coroutine<unknown>[] {
  return Array.from({ length: MANY }, () => work);
}

const bodies: Record<string, (find: () => void) => PromiseLike<unknown>> = {
  "createTask": async (find) => {
    const tasks = many(find).map((work) => createTask(work));
    for (const task of tasks) await task;
  },
  "every wait": (find) =>
    gather(many(async () => {
      find();
      await sleep(0);
      find();
      await sleep(1);
      find();
    })),
  "queues": async (find) => {
    const queue = new Queue<number>(1);
    await gather([
      async () => {
        for (let i = 0; i < MANY; i++) {
          await queue.put(i);
          find();
        }
      },
      async () => {
        for (let i = 0; i < MANY; i++) {
          await queue.get();
          find();
        }
      },
    ]);
  },
  "groups": (find) =>
    taskGroup((group) => {
      for (const work of many(find)) group.createTask(work);
    }, { limit: 10 }),
  "callbacks": async (find) => {
    const loop = getRunningLoop();
    for (const work of many(find)) loop.callSoon(work);
    for (let ms = 0; ms < 5; ms++) loop.callLater(ms, find);
    const future = new Future<void>();
    future.addDoneCallback(find);
    loop.callSoon(() => future.setResult());
    await sleep(10);
  },
};

for (const [name, body] of Object.entries(bodies)) {
  Deno.test(`foreign context goes through ${name}: what was current for the creator is so inside`, async () => {
    assertEquals(await valuesIn(body), OWN);
  });
}

Deno.test("foreign context does not come with an item of a queue, nor with the result of a future", async () => {
  const queue = new Queue<number>();
  const future = new Future<void>();
  const found: unknown[] = [];
  await run(async () => {
    const tasks = store.run("waits", () => [
      createTask(async () => {
        await queue.get();
        found.push(store.getStore());
      }),
      createTask(async () => {
        await future;
        found.push(store.getStore());
      }),
    ]);
    await sleep(1);
    store.run("wakes", () => {
      queue.putNowait(1);
      future.setResult();
    });
    await gather(tasks);
  });
  assertEquals(found, ["waits", "waits"]);
});

// --- The runtime's tracing ---------------------------------------------------

/** A span as the collector gets it, with its parent by name. */
interface Span {
  name: string;
  parent: string | undefined;
  trace: string;
}

/** Runs a program whose spans go to a collector on loopback, and gives them. */
async function spansOf(program: string): Promise<Span[]> {
  const spans: Record<string, string>[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  await using server = Deno.serve(options, async (request) => {
    const { resourceSpans = [] } = await request.json();
    for (const { scopeSpans } of resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    return Response.json({});
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "-"],
    cwd: new URL("../../", import.meta.url),
    env: {
      NO_COLOR: "1",
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name!]));
  return spans.map(({ name, parentSpanId, traceId }) => ({
    name: name!,
    parent: names.get(parentSpanId),
    trace: traceId!,
  })).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

const SPAN = `
  import { createTask, gather, run, sleep, taskGroup } from "@asyncio/asyncio/tasks";
  import { Queue } from "@asyncio/asyncio/queue";
  const tracer = Deno.telemetry.tracerProvider.getTracer("test");
  const span = (name, body) =>
    tracer.startActiveSpan(name, async (span) => {
      try {
        return await body();
      } finally {
        span.end();
      }
    });
`;

function named(spans: Span[]): [string, string | undefined][] {
  return spans.map(({ name, parent }) => [name, parent]);
}

Deno.test("OpenTelemetry: a task's spans are children of the span it was made in", async () => {
  const spans = await spansOf(`${SPAN}
    await run(() =>
      span("request", async () => {
        const task = createTask(() => span("task", () => sleep(1)));
        await span("group", () => taskGroup((group) => {
          group.createTask(() => span("child", async () => {
            await sleep(1);
            await createTask(() => span("grandchild", () => sleep(0)));
          }));
        }));
        await gather([task, () => span("gathered", () => sleep(1))]);
      })
    );
  `);
  assertEquals(named(spans), [
    ["child", "group"],
    ["gathered", "request"],
    ["grandchild", "child"],
    ["group", "request"],
    ["request", undefined],
    ["task", "request"],
  ]);
  assertEquals(new Set(spans.map(({ trace }) => trace)).size, 1);
});

Deno.test("OpenTelemetry: work on an item belongs to the span of the task that does it", async () => {
  const spans = await spansOf(`${SPAN}
    const queue = new Queue(1);
    await run(() => gather([
      () => span("producer", async () => {
        for (let i = 0; i < 3; i++) await queue.put(i);
        await span("shutdown", () => queue.shutdown());
      }),
      () => span("consumer", async () => {
        for await (const item of queue) {
          await span("item " + item, () => sleep(1));
        }
      }),
    ]));
  `);
  assertEquals(named(spans), [
    ["consumer", undefined],
    ["item 0", "consumer"],
    ["item 1", "consumer"],
    ["item 2", "consumer"],
    ["producer", undefined],
    ["shutdown", "producer"],
  ]);
});

Deno.test("OpenTelemetry: many tasks of two spans keep theirs", async () => {
  const spans = await spansOf(`${SPAN}
    await run(() => gather(["a", "b"].map((name) => () =>
      span(name, () => gather(Array.from({ length: ${MANY} }, () => async () => {
        await sleep(1);
        await span("of " + name, () => sleep(0));
      })))
    )));
  `);
  for (const name of ["a", "b"]) {
    const children = spans.filter((span) => span.name === `of ${name}`);
    assertEquals(children.length, MANY);
    assertEquals(
      new Set(children.map(({ parent }) => parent)),
      new Set([name]),
    );
  }
});
