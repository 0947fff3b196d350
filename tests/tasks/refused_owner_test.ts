/**
 * Functions that own the promises that they are handed, and may not begin.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import { race, sleep, wait, waitFor } from "@asyncio/asyncio/tasks";

const OWNERS: Record<
  string,
  (promise: Promise<unknown>, signal: AbortSignal) => Promise<unknown>
> = {
  "wait": (promise, signal) => wait([promise], { signal }),
  "waitFor": (promise, signal) => waitFor(promise, 1000, { signal }),
  "race": (promise, signal) => race([promise], { signal }),
};

for (const [name, own] of Object.entries(OWNERS)) {
  Deno.test(`${name}: an async function that fails after an abort is no unhandled rejection`, async () => {
    const failed = Promise.withResolvers<void>();
    const fail = async () => {
      await sleep(1);
      failed.resolve();
      throw new Error("late");
    };
    const signal = AbortSignal.abort(new Error("given up"));
    await assertRejects(() => own(fail(), signal), Error, "given up");
    await failed.promise;
    await sleep(1);
  });
}
