/** The floor: promises, timers and programs as the runtime has them, and nothing around. */
import { setTimeout as delay } from "node:timers/promises";
import { increment, numbers, sumOf } from "../items.ts";
import { check, serve } from "../serve.ts";
import { turn } from "../turn.ts";
import { ECHO_CONNECTIONS, sleepTime } from "../works.ts";

function times<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

// deno-lint-ignore require-await
async function one(): Promise<number> {
  return 1;
}

async function all(units: number): Promise<void> {
  const results = await Promise.all(times(units, one));
  check(results.reduce((a, b) => a + b, 0), units);
}

/** Two async functions hand each other the resolvers of promises. */
async function handOver(units: number): Promise<void> {
  let give: (item: number) => void;
  let proceed: (() => void) | undefined;
  let received = 0;
  const consume = async () => {
    for (let i = 0; i < units; i++) {
      const item = new Promise<number>((resolve) => give = resolve);
      proceed?.();
      received += await item;
    }
  };
  const produce = async () => {
    for (let i = 0; i < units; i++) {
      const wanted = new Promise<void>((resolve) => proceed = resolve);
      give(1);
      if (i < units - 1) await wanted;
    }
  };
  await Promise.all([consume(), produce()]);
  check(received, units);
}

async function program(): Promise<void> {
  const command = new Deno.Command("echo", { args: ["1"], stdin: "null" });
  const { stdout } = await command.output();
  check(Number(new TextDecoder().decode(stdout)), 1);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await conn.write(bytes.subarray(sent));
  }
}

/**
 * What a reader and a writer promise, and no more: a read gives memory of the
 * caller's own, and a write takes the bytes as they are.
 */
async function echoBack(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  const taken = new Uint8Array(65_536);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    taken.set(buffer.slice(0, n));
    await writeAll(conn, taken.subarray(0, n));
  }
  conn.close();
}

async function echo(units: number, size: number): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const message = new Uint8Array(size);
  let echoed = 0;
  const serving = (async () => {
    const served: Promise<void>[] = [];
    while (served.length < ECHO_CONNECTIONS) {
      served.push(echoBack(await listener.accept()));
    }
    await Promise.all(served);
  })();
  await Promise.all(times(ECHO_CONNECTIONS, async () => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const buffer = new Uint8Array(size);
    const taken = new Uint8Array(size);
    for (let i = 0; i < units / ECHO_CONNECTIONS; i++) {
      taken.set(message);
      await writeAll(conn, taken);
      let read = 0;
      while (read < size) read += (await conn.read(buffer.subarray(read)))!;
      echoed += buffer.slice().length / size;
    }
  }));
  await serving;
  check(echoed, units);
}

/**
 * The least that keeps up to ten items under way or ready, in order, and takes
 * none that is not asked for: one async function that is a few items ahead.
 */
class Ahead implements AsyncIterableIterator<number> {
  readonly #source: Iterator<number>;
  readonly #ready: number[] = [];
  #next = 0;
  #give: ((result: IteratorResult<number>) => void) | undefined;
  #goOn: (() => void) | undefined;
  #isDone = false;

  constructor(source: Iterable<number>) {
    this.#source = source[Symbol.iterator]();
    this.#run();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<number>> {
    if (this.#next < this.#ready.length) {
      const value = this.#ready[this.#next++]!;
      if (this.#next === this.#ready.length) {
        this.#next = this.#ready.length = 0;
      }
      if (this.#ready.length - this.#next <= 5) this.#goOn?.();
      return Promise.resolve({ done: false, value });
    }
    if (this.#isDone) return Promise.resolve({ done: true, value: undefined });
    this.#goOn?.();
    return new Promise((resolve) => this.#give = resolve);
  }

  async #run(): Promise<void> {
    for (;;) {
      while (this.#ready.length - this.#next < 9) {
        const { done, value } = this.#source.next();
        if (done) {
          this.#isDone = true;
          return this.#give?.({ done, value: undefined });
        }
        const result = await increment(value);
        if (this.#give === undefined) this.#ready.push(result);
        else {
          this.#give({ done: false, value: result });
          this.#give = undefined;
        }
      }
      await new Promise<void>((resolve) => this.#goOn = resolve);
      this.#goOn = undefined;
    }
  }
}

await serve(`bare promises, Deno ${Deno.version.deno}`, {
  gather: all,

  group: all,

  async sleep0_shared(units) {
    await Promise.all(times(100, async () => {
      for (let i = 0; i < units / 100; i++) await turn();
    }));
  },

  async sleep0_alone(units) {
    for (let i = 0; i < units; i++) await turn();
  },

  queue: handOver,

  ping_pong: handOver,

  async map(units) {
    check(await sumOf(new Ahead(numbers(units))), units);
  },

  async lock(units) {
    for (let i = 0; i < units; i++) await Promise.resolve({ i });
  },

  /** A chain of promises is a lock as well. */
  async lock_held(units) {
    let chain = Promise.resolve();
    await Promise.all(times(10, async () => {
      for (let i = 0; i < units / 10; i++) await (chain = chain.then(turn));
    }));
  },

  /** Ten loops that share what there is to do. */
  async limit(units) {
    let left = units;
    await Promise.all(times(10, async () => {
      while (left-- > 0) await turn();
    }));
  },

  async sleeps(units) {
    await Promise.all(
      times(
        units,
        (k) => new Promise((resolve) => setTimeout(resolve, sleepTime(k))),
      ),
    );
  },

  async sleeping_tasks(units) {
    await Promise.all(times(units, async (k) => {
      await new Promise((resolve) => setTimeout(resolve, sleepTime(k)));
    }));
  },

  /** What loses stays: nothing can be taken back. */
  async race(units) {
    let done = 0;
    for (let i = 0; i < units; i++) {
      const idle = Promise.withResolvers<number>();
      const woken = Promise.withResolvers<number>();
      const first = Promise.race([idle.promise, woken.promise]);
      woken.resolve(1);
      done += await first;
    }
    check(done, units);
  },

  /** A race against a timer, which is cleared. */
  async wait_for(units) {
    let done = 0;
    for (let i = 0; i < units; i++) {
      let timer: ReturnType<typeof setTimeout>;
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("too late")), 60_000);
      });
      done += await Promise.race([one(), timeout]);
      clearTimeout(timer!);
    }
    check(done, units);
  },

  async cancel(units) {
    const controllers = times(units, () => new AbortController());
    const sleeps = controllers.map(({ signal }) =>
      delay(60_000, undefined, { signal })
    );
    await turn();
    for (const controller of controllers) controller.abort();
    const ends = await Promise.allSettled(sleeps);
    check(ends.filter(({ status }) => status === "rejected").length, units);
  },

  echo_64: (units) => echo(units, 64),

  echo_16k: (units) => echo(units, 16_384),

  async process(units) {
    for (let i = 0; i < units; i++) await program();
  },

  async processes(units) {
    await Promise.all(times(units, program));
  },
});
