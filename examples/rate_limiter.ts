/** A token bucket: so many a second, some at once, first come, first served. */
import {
  cancellable,
  getRunningLoop,
  Lock,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  type WaitOptions,
} from "@asyncio/asyncio";
import { VirtualClock } from "@asyncio/asyncio/testing";

export class RateLimiter {
  readonly #rate: number;
  readonly #burst: number;
  readonly #line = new Lock();
  #tokens = 0;
  #filledAt = -Infinity;

  /** Lets `burst` go at once, and then `rate` a second. */
  constructor(rate: number, burst: number) {
    if (!(rate > 0 && burst >= 1)) throw new RangeError("nothing could go");
    this.#rate = rate / 1000;
    this.#burst = burst;
  }

  /**
   * Waits until one more may go. Only the first in line watches the clock. Who
   * gives up, there or further back, has taken nothing, and the next moves up.
   */
  async acquire(options?: WaitOptions): Promise<void> {
    using _ = await this.#line.acquire(options);
    this.#fill();
    if (this.#tokens < 1) {
      await sleep((1 - this.#tokens) / this.#rate, options);
      this.#fill();
    }
    this.#tokens--; // a hair below 0 where a timer was early: the next waits it out
  }

  #fill(): void {
    const now = getRunningLoop().time();
    const gained = (now - this.#filledAt) * this.#rate;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}

/** Forty requests to a real server, which all would like to go at once. */
async function main(): Promise<void> {
  const arrivals: number[] = [];
  await using server = Deno.serve({ port: 0, onListen() {} }, () => {
    arrivals.push(performance.now());
    return new Response();
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const limiter = new RateLimiter(40, 10);
  const started = performance.now();
  await taskGroup((group) => {
    for (let i = 0; i < 40; i++) {
      group.createTask(async () => {
        await limiter.acquire();
        await cancellable(async (signal) => {
          const response = await fetch(url, { signal });
          await response.body?.cancel();
        });
      });
    }
  });
  const quarter = (at: number) => Math.floor((at - started) / 250);
  for (const [i, those] of Object.entries(Object.groupBy(arrivals, quarter))) {
    console.log(`quarter of a second ${i}: ${"#".repeat(those!.length)}`);
  }
  console.log(`${arrivals.length} requests served`);
}

/** To the millisecond, on a clock that jumps; the fifth in line gives up. */
async function rehearse(): Promise<void> {
  const limiter = new RateLimiter(10, 3);
  const loop = getRunningLoop();
  await taskGroup((group) => {
    for (let i = 1; i <= 7; i++) {
      group.createTask(async () => {
        const limit = i === 5 ? 150 : Infinity;
        const went = await moveOnAfter(limit, async () => {
          await limiter.acquire();
          return true;
        });
        console.log(`${i} ${went ? "goes" : "gives up"} at ${loop.time()} ms`);
      });
    }
  });
}

if (import.meta.main) {
  await run(main);
  await run(rehearse, { clock: new VirtualClock() });
}
