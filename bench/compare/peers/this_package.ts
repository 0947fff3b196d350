import {
  Broadcast,
  CancelledError,
  createTask,
  gather,
  Lock,
  openConnection,
  Pool,
  PriorityQueue,
  Queue,
  race,
  RateLimiter,
  run,
  runSubprocess,
  Semaphore,
  sleep,
  startServer,
  taskGroup,
  waitFor,
} from "@asyncio/asyncio";
import { map } from "@asyncio/asyncio/streams/operators";
import config from "../../../deno.json" with { type: "json" };
import { asyncNumbers, increment, numbers, sumOf } from "../items.ts";
import { check, serve } from "../serve.ts";
import { mebibytes, MebibytesFile, twoOutputs, zeros } from "../mebibytes.ts";
import {
  ECHO_CONNECTIONS,
  MIB,
  priorityOf,
  sleepTime,
  weightOf,
} from "../works.ts";

function times<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

// deno-lint-ignore require-await
async function one(): Promise<number> {
  return 1;
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

async function handOver(units: number, pairs: number): Promise<void> {
  const queue = new Queue<number>(100);
  const share = units / pairs;
  let received = 0;
  await taskGroup((group) => {
    for (let pair = 0; pair < pairs; pair++) {
      group.createTask(async () => {
        for (let i = 0; i < share; i++) await queue.put(1);
      });
      group.createTask(async () => {
        for (let i = 0; i < share; i++) {
          const item = await queue.get();
          received += item;
        }
      });
    }
  });
  check(received, units);
}

async function prioritize(units: number): Promise<void> {
  const queue = new PriorityQueue<number>();
  for (let i = 0; i < units; i++) await queue.put(priorityOf(i, units));
  for (let i = 0; i < units; i++) check(await queue.get(), i);
}

async function program(group = false): Promise<void> {
  const { stdout } = await runSubprocess(["echo", "1"], {
    captureOutput: true,
    group,
  });
  check(Number(stdout), 1);
}

async function echo(units: number, size: number): Promise<void> {
  await using server = await startServer(async (reader, writer) => {
    for (let data; (data = await reader.read(65_536)).length > 0;) {
      writer.write(data);
      await writer.drain();
    }
    writer.close();
  }, { hostname: "127.0.0.1" });
  const { port } = server.addresses[0] as Deno.NetAddr;
  const message = new Uint8Array(size);
  let echoed = 0;
  await gather(times(ECHO_CONNECTIONS, () => async () => {
    await using client = await openConnection({ hostname: "127.0.0.1", port });
    for (let i = 0; i < units / ECHO_CONNECTIONS; i++) {
      client.writer.write(message);
      const { length } = await client.reader.readExactly(size);
      echoed += length / size;
    }
  }));
  check(echoed, units);
}

await serve(`asyncio for Deno ${config.version}`, {
  async gather(units) {
    check(sum(await gather(times(units, () => one))), units);
  },

  async group(units) {
    const tasks = await taskGroup((group) =>
      times(units, () => group.createTask(one))
    );
    check(sum(tasks.map((task) => task.result())), units);
  },

  async sleep0_shared(units) {
    await gather(times(100, () => async () => {
      for (let i = 0; i < units / 100; i++) await sleep(0);
    }));
  },

  async sleep0_alone(units) {
    for (let i = 0; i < units; i++) await sleep(0);
  },

  queue: (units) => handOver(units, 1),

  queue_10: (units) => handOver(units, 10),

  async ping_pong(units) {
    const ping = new Queue<number>();
    const pong = new Queue<number>();
    let last = 0;
    await gather([
      async () => {
        for (let i = 1; i <= units; i++) {
          await ping.put(i);
          last = await pong.get();
        }
      },
      async () => {
        for (let i = 1; i <= units; i++) await pong.put(await ping.get());
      },
    ]);
    check(last, units);
  },

  priority: prioritize,

  priority_many: prioritize,

  async lock(units) {
    const lock = new Lock();
    for (let i = 0; i < units; i++) {
      await lock.acquire();
      lock.release();
    }
  },

  async lock_held(units) {
    const lock = new Lock();
    await gather(times(10, () => async () => {
      for (let i = 0; i < units / 10; i++) {
        await lock.acquire();
        await sleep(0);
        lock.release();
      }
    }));
  },

  async semaphore(units) {
    const semaphore = new Semaphore(10);
    await gather(times(units, () => async () => {
      await semaphore.acquire();
      await sleep(0);
      semaphore.release();
    }));
  },

  async limit(units) {
    const semaphore = new Semaphore(10);
    await Promise.all(times(units, async () => {
      await semaphore.acquire();
      await sleep(0);
      semaphore.release();
    }));
  },

  async weighted(units) {
    const semaphore = new Semaphore(10);
    await gather(times(units, (k) => async () => {
      const guard = await semaphore.acquire({ permits: weightOf(k) });
      await sleep(0);
      guard.release();
    }));
  },

  async rate(units) {
    const limiter = new RateLimiter({ limit: 1e9, interval: 1000 });
    let calls = 0;
    for (let i = 0; i < units; i++) {
      await limiter.acquire();
      calls += await one();
    }
    check(calls, units);
  },

  async pool(units) {
    const pool = new Pool({ create: () => ({}), max: 10 });
    for (let i = 0; i < units; i++) {
      const lease = await pool.acquire();
      lease.release();
    }
    await pool.close();
  },

  async pool_shared(units) {
    const pool = new Pool({ create: () => ({}), max: 10 });
    await gather(times(100, () => async () => {
      for (let i = 0; i < units / 100; i++) {
        const lease = await pool.acquire();
        await sleep(0);
        lease.release();
      }
    }));
    await pool.close();
  },

  async broadcast(units) {
    const broadcast = new Broadcast<number>();
    let received = 0;
    await taskGroup(async (group) => {
      for (let i = 0; i < 100; i++) {
        const subscription = broadcast.subscribe({ maxSize: 100 });
        group.createTask(async () => {
          using it = subscription;
          for (let i = 0; i < units; i++) {
            const item = await it.get();
            received += item;
          }
        });
      }
      for (let i = 0; i < units; i++) await broadcast.publish(1);
    });
    check(received, 100 * units);
  },

  async sleeps(units) {
    await Promise.all(times(units, (k) => sleep(sleepTime(k))));
  },

  async sleeping_tasks(units) {
    await gather(times(units, (k) => () => sleep(sleepTime(k))));
  },

  async wait_for(units) {
    let done = 0;
    for (let i = 0; i < units; i++) done += await waitFor(one, 60_000);
    check(done, units);
  },

  async race(units) {
    const [idle, queue] = [new Queue<number>(), new Queue<number>()];
    let done = 0;
    for (let i = 0; i < units; i++) {
      const first = race([() => idle.get(), () => queue.get()]);
      queue.putNowait(1);
      done += await first;
    }
    check(done, units);
  },

  async cancel(units) {
    const tasks = times(units, () => createTask(() => sleep(60_000)));
    await sleep(0);
    for (const task of tasks) task.cancel();
    const ends = await gather(tasks, { returnExceptions: true });
    const cancelled = ends.filter((end) =>
      end.status === "rejected" && end.reason instanceof CancelledError
    );
    check(cancelled.length, units);
  },

  async map(units) {
    const items = map(numbers(units), increment, { limit: 10 });
    check(await sumOf(items), units);
  },

  async map_async(units) {
    const items = map(asyncNumbers(units), increment, { limit: 10 });
    check(await sumOf(items), units);
  },

  async map_unordered(units) {
    const options = { limit: 10, ordered: false };
    check(await sumOf(map(numbers(units), increment, options)), units);
  },

  echo_64: (units) => echo(units, 64),

  echo_16k: (units) => echo(units, 16_384),

  async process(units) {
    for (let i = 0; i < units; i++) await program();
  },

  async processes(units) {
    await gather(times(units, () => () => program()));
  },

  async process_group(units) {
    for (let i = 0; i < units; i++) await program(true);
  },

  async process_input(units) {
    const { stdout } = await runSubprocess(["wc", "-c"], {
      input: mebibytes(units),
      captureOutput: true,
      group: false,
    });
    check(Number(stdout), units * MIB);
  },

  async process_from_file(units) {
    using input = new MebibytesFile(units);
    const { stdout } = await runSubprocess(["wc", "-c"], {
      stdin: { file: input.path },
      captureOutput: true,
      group: false,
    });
    check(Number(stdout), units * MIB);
  },

  async process_to_file(units) {
    using output = new MebibytesFile(0);
    await runSubprocess(zeros(units), {
      stdout: { file: output.path },
      group: false,
    });
    check(output.size, units * MIB);
  },

  async process_captured_file(units) {
    using output = new MebibytesFile(0);
    const { stdout } = await runSubprocess(zeros(units), {
      stdout: ["piped", { file: output.path }],
      encoding: "buffer",
      group: false,
    });
    check(output.size, units * MIB);
    check((stdout as Uint8Array).length, units * MIB);
  },

  async process_lines(units) {
    const { stdout } = await runSubprocess(["seq", `${units}`], {
      captureOutput: true,
      lines: true,
      group: false,
    });
    check(stdout!.length, units);
  },

  async process_all(units) {
    const { stdout, all } = await runSubprocess(twoOutputs(units), {
      all: true,
      lines: true,
      group: false,
    });
    check(stdout!.length, units / 2);
    check(all!.length, units);
  },
}, run);
