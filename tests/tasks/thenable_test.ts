// Foreign objects with a `then` that does not keep the rules of promises.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  cancellable,
  ensureFuture,
  gather,
  moveOnAfter,
  sleep,
  wait,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

type Then = (
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
) => void;

function thenableOf(then: Then): PromiseLike<unknown> {
  return { then } as PromiseLike<unknown>;
}

function throws(): never {
  throw new Error("boom");
}

Deno.test("a thenable whose then throws fails the gather that it is in, and the others run", () =>
  virtually(async () => {
    let ran = false;
    const gathered = gather([() => void (ran = true), thenableOf(throws)]);
    await assertRejects(async () => await gathered, Error, "boom");
    await sleep(0);
    assert(ran);
  }));

Deno.test("every wait for a thenable whose then throws fails with that", () =>
  virtually(async () => {
    const thenable = thenableOf(throws);
    for (let i = 0; i < 2; i++) {
      const waiting = moveOnAfter(1, () => cancellable(thenable));
      await assertRejects(() => waiting, Error, "boom");
    }
  }));

Deno.test("of a thenable that settles several times, the first time counts", async () => {
  const future = ensureFuture(thenableOf((resolve, reject) => {
    resolve(1);
    reject(new Error("too late"));
    resolve(2);
  }));
  await wait([future]);
  assertEquals([future.exception(), future.result()], [undefined, 1]);
});

Deno.test("a thenable that resolves with a promise gives the value of that", async () => {
  const lazy = thenableOf((resolve) => resolve(Promise.resolve(7)));
  assertEquals(await gather([lazy]), [7]);
  assertEquals(await cancellable(lazy), 7);
});

Deno.test("a thenable that settles at once is called once for all waits that begin together", async () => {
  let calls = 0;
  const lazy = thenableOf((resolve) => {
    calls++;
    resolve(calls);
  });
  const future = ensureFuture(lazy);
  assertEquals([await cancellable(lazy), await future, calls], [1, 1, 1]);
});
