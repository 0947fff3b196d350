#!/usr/bin/env bash
# effect 4.1.0: a request for several permits of a Semaphore is overtaken by
# every smaller one that comes later
#
# A good guess: Waiting requests are served in their order, as the Semaphore of
# async-mutex 0.5.0 does: the longest wait ends first.
#
# What happens: A request that fits is served at once, even if others wait. With
# two that take turns to hold one permit each, a request for two permits never
# gets them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  effect@4.1.0 async-mutex@0.5.0

cat >probe.mjs <<'CODE'
import { Semaphore as Mutexes } from "async-mutex";
import { Effect, Fiber, Semaphore } from "effect";

const turn = () => new Promise((done) => setTimeout(done));
const order = [];
await Effect.runPromise(Effect.gen(function* () {
  const semaphore = yield* Semaphore.make(2);
  yield* semaphore.take(1);
  const big = yield* Effect.forkChild(Effect.andThen(semaphore.take(2), Effect.sync(() => order.push("two permits"))));
  yield* Effect.promise(turn);
  for (let i = 1; i <= 3; i++) {
    // The next one takes its permit before the one before gives back its own.
    const small = yield* Effect.forkChild(semaphore.take(1));
    yield* Effect.promise(turn);
    order.push(small.pollUnsafe() ? `later one ${i}` : `later one ${i} waits`);
    yield* semaphore.release(1);
    yield* Effect.promise(turn);
  }
  yield* Fiber.interrupt(big);
}));
console.log(`effect 4.1.0, two permits asked for first: ${order.join(", ")}`);

const seen = [];
const semaphore = new Mutexes(2);
await semaphore.acquire();
const big = semaphore.acquire(2).then(() => seen.push("two permits"));
const small = semaphore.acquire().then(() => seen.push("later one"));
await turn();
seen.push("release");
semaphore.release();
await big;
semaphore.release(2);
await small;
console.log(`async-mutex 0.5.0, two permits asked for first: ${seen.join(", ")}`);
CODE

cat >expected <<'TEXT'
effect 4.1.0, two permits asked for first: later one 1, later one 2, later one 3
async-mutex 0.5.0, two permits asked for first: release, two permits, later one
TEXT

node probe.mjs | tee seen
diff expected seen
