/** Trying again: back-off with jitter, time limits, and only what may go better. */
import {
  cancellable,
  Event,
  getRunningLoop,
  isCancelled,
  run,
  sleep,
  timeoutAt,
} from "@asyncio/asyncio";
import { VirtualClock } from "@asyncio/asyncio/testing";

export interface RetryOptions {
  pause: number; // the longest first pause; the next is twice as long, ...
  maxPause: number; // ... but never longer than this
  attemptTimeout: number; // how long one attempt may take
  maxElapsed: number; // how long it may take altogether
  retryable(error: unknown): boolean; // whether it may go better next time
}

export async function retry<T>(
  attempt: () => PromiseLike<T>,
  options: RetryOptions,
): Promise<T> {
  const loop = getRunningLoop();
  const deadline = loop.time() + options.maxElapsed;
  for (let attempts = 1;; attempts++) {
    try {
      const limit = loop.time() + options.attemptTimeout;
      return await timeoutAt(Math.min(limit, deadline), attempt);
    } catch (error) {
      // A cancel is no failure: who cancels wants this to end, not to go on.
      if (isCancelled(error) || !options.retryable(error)) throw error;
      const longest = options.pause * 2 ** (attempts - 1);
      // Any part of it: else all clients of a server come back at once.
      const pause = Math.random() * Math.min(longest, options.maxPause);
      if (loop.time() + pause >= deadline) {
        throw new Error(`gave up, attempts: ${attempts}`, { cause: error });
      }
      await sleep(pause);
    }
  }
}

class HttpError extends Error {
  constructor(readonly status: number) {
    super(`the server answered with ${status}`);
  }
}

function download(url: string): Promise<string> {
  return cancellable(async (signal) => {
    const response = await fetch(url, { signal });
    const text = await response.text();
    if (!response.ok) throw new HttpError(response.status);
    return text;
  });
}

const options: RetryOptions = {
  ...{ pause: 100, maxPause: 10_000, attemptTimeout: 1_000 },
  maxElapsed: 60_000,
  retryable: (error) => !(error instanceof HttpError && error.status < 500),
};

/** A real server: down for a moment, then stuck, then well. */
async function main(): Promise<void> {
  const answers = [503, 503, "stuck", 200];
  const stuck = new Event();
  await using server = Deno.serve(
    { port: 0, onListen() {} },
    async (request) => {
      const next = () => answers.shift() ?? 200;
      const answer = request.url.endsWith("/gone") ? 404 : next();
      console.log(`the server is asked: ${answer}`);
      if (answer === "stuck") await stuck.wait();
      return new Response("at last", { status: Number(answer) || 200 });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  try {
    console.log(await retry(() => download(`${url}/page`), options));
    await retry(() => download(`${url}/gone`), options);
  } catch (error) {
    console.log(`not tried again: ${(error as Error).message}`);
  } finally {
    stuck.set(); // else the server would wait for it
  }
}

/** A minute of failures, on a clock that jumps: it takes no time. */
async function rehearse(): Promise<void> {
  const down = () => Promise.reject(new HttpError(503));
  await retry(down, options).catch((error) => console.log(error.message));
}

if (import.meta.main) {
  await run(main);
  await run(rehearse, { clock: new VirtualClock() });
}
