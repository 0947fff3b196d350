/** A client that keeps to what a service allows: so many a second, some at once. */
import {
  cancellable,
  getRunningLoop,
  moveOnAfter,
  RateLimiter,
  run,
  Semaphore,
  taskGroup,
} from "@asyncio/asyncio";
import { VirtualClock } from "@asyncio/asyncio/testing";

/** How a request is sent: `fetch`, or what a test has in its place. */
export type Send = (path: string, signal: AbortSignal) => Promise<string>;

export interface Limits {
  /** So many requests a second ... */
  rate: number;
  /** ... of which so many may come at once ... */
  burst: number;
  /** ... and no more than so many be under way. */
  concurrency: number;
}

export class Client {
  readonly #send: Send;
  readonly #rate: RateLimiter;
  readonly #slots: Semaphore;

  constructor(send: Send, { rate, burst, concurrency }: Limits) {
    this.#send = send;
    this.#rate = new RateLimiter({ limit: rate, interval: 1000, burst });
    this.#slots = new Semaphore(concurrency);
  }

  /**
   * Sends a request when it may go, first come, first served. The slot comes
   * first: a token is spent right before the request is sent, and who gives up
   * in either line has spent none.
   *
   * @param cost How many requests it counts for.
   */
  async get(path: string, cost = 1): Promise<string> {
    using _ = await this.#slots.acquire();
    await this.#rate.acquire({ tokens: cost });
    return await cancellable((signal) => this.#send(path, signal));
  }
}

/** Forty requests to a real server, which all would like to go at once. */
async function main(): Promise<void> {
  const arrivals: number[] = [];
  await using server = Deno.serve({ port: 0, onListen() {} }, () => {
    arrivals.push(performance.now());
    return new Response("served");
  });
  const { port } = server.addr;
  const client = new Client(async (path, signal) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
    return response.text();
  }, { rate: 40, burst: 10, concurrency: 5 });
  const started = performance.now();
  await taskGroup((group) => {
    for (let i = 0; i < 40; i++) group.createTask(() => client.get(`/${i}`));
  });
  const quarter = (at: number) => Math.floor((at - started) / 250);
  for (const [i, those] of Object.entries(Object.groupBy(arrivals, quarter))) {
    console.log(`quarter of a second ${i}: ${"#".repeat(those!.length)}`);
  }
  console.log(`${arrivals.length} requests served`);
}

/** To the millisecond, on a clock that jumps; the fifth in line gives up. */
async function rehearse(): Promise<void> {
  const loop = getRunningLoop();
  const client = new Client((path) => {
    console.log(`${path} goes at ${loop.time()} ms`);
    return Promise.resolve("");
  }, { rate: 10, burst: 3, concurrency: 10 });
  await taskGroup((group) => {
    for (let i = 1; i <= 7; i++) {
      group.createTask(async () => {
        const patience = i === 5 ? 150 : Infinity;
        const answer = await moveOnAfter(patience, () => client.get(`${i}`));
        if (answer === undefined) {
          console.log(`${i} gives up at ${loop.time()} ms`);
        }
      });
    }
  });
}

if (import.meta.main) {
  await run(main);
  await run(rehearse, { clock: new VirtualClock() });
}
