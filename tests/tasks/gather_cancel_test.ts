import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  Future,
  gather,
  shield,
  sleep,
  wait,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("cancelling a gather cancels one that is given twice once", async () => {
  const task = createTask(() => sleep(60_000));
  await turns();
  const both = gather([task, task]);
  assert(both.cancel("enough"));
  assertEquals(task.cancelling, 1);
  await assertRejects(async () => await both, CancelledError, "enough");
});

Deno.test("a gather is done with its last child, and no earlier", async () => {
  const [a, b, c] = [1, 2, 3].map(() => new Future<number>());
  let called = 0;
  const all = gather([a!, b!, c!]);
  all.addDoneCallback(() => called++);
  b!.setResult(1);
  a!.setResult(2);
  await turns();
  assertEquals([all.done, called], [false, 0]);
  c!.setResult(3);
  await turns();
  assertEquals([all.result(), called], [[2, 1, 3], 1]);
});

Deno.test("how the other children end, after a gather has failed, changes nothing", async () => {
  const futures = [1, 2, 3, 4, 5].map(() => new Future<number>());
  const error = new Error("boom");
  const all = gather(futures);
  futures[0]!.setResult(1);
  futures[1]!.setException(error);
  assertStrictEquals(all.exception(), error);
  futures[2]!.setResult(3);
  futures[3]!.cancel();
  futures[4]!.setException(new Error("later"));
  await turns();
  assertStrictEquals(all.exception(), error);
  assertEquals([all.cancelled, all.cancel()], [false, false]);
});

Deno.test("cancelling the task that awaits a gather cancels all children, also those that have not started", async () => {
  const seen: string[] = [];
  const work = async (name: string) => {
    try {
      await new Future<void>();
    } finally {
      seen.push(name);
    }
  };
  const all = Promise.withResolvers<void>();
  const outer = createTask(async () => {
    const both = gather([() => work("a"), () => work("b")]);
    both.addDoneCallback(() => all.resolve());
    await both;
  });
  await turns();
  outer.cancel();
  await assertRejects(async () => await outer, CancelledError);
  await all.promise;
  assertEquals([seen, outer.cancelled], [["a", "b"], true]);

  const unstarted = gather([() => seen.push("c"), () => seen.push("d")]);
  unstarted.cancel();
  await assertRejects(async () => await unstarted, CancelledError);
  assertEquals(seen, ["a", "b"]);
});

Deno.test("a gather refuses a cancel once all its children are done", async () => {
  const future = new Future<number>();
  const all = gather([future]);
  future.setResult(42);
  assertEquals([all.cancel(), await all], [false, [42]]);
});

Deno.test("a child cancelled by itself is a result among results, with returnExceptions", async () => {
  const futures = [1, 2, 3].map(() => new Future<number>());
  const all = gather(futures, { returnExceptions: true });
  futures[0]!.setResult(1);
  futures[1]!.cancel("enough");
  futures[2]!.setException("boom");
  const [one, two, three] = await all;
  assertEquals([one, three], [
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: "boom" },
  ]);
  assert(two?.status === "rejected" && two.reason instanceof CancelledError);
  assertEquals(two.reason.message, "enough");
});

Deno.test("a shield over a gather: its cancel leaves the children alone", async () => {
  const [one, two] = [new Future<number>(), new Future<number>()];
  const all = gather([one, two]);
  const outer = shield(all);
  outer.cancel();
  assertEquals([outer.cancelled, all.done], [true, false]);
  one.setResult(1);
  two.setResult(2);
  await turns();
  assertEquals(all.result(), [1, 2]);
});

Deno.test("gathers in gathers, five wide and four deep", () =>
  virtually(async () => {
    let leaves = 0;
    const grow = async (depth: number): Promise<void> => {
      if (depth === 0) return void leaves++;
      await gather(Array.from({ length: 5 }, () => () => grow(depth - 1)));
    };
    await grow(4);
    assertEquals(leaves, 625);
    const half = createTask(() => grow(4));
    await sleep(0);
    half.cancel();
    await wait([half]);
  }));

Deno.test("children of a gather start in the order given, and one may cancel those after it", async () => {
  const seen: string[] = [];
  const all = gather([
    () => void seen.push("a"),
    () => {
      seen.push("b");
      all.cancel();
    },
    () => void seen.push("c"),
  ], { returnExceptions: true });
  await assertRejects(async () => await all, CancelledError);
  assertEquals(seen, ["a", "b"]);
});

Deno.test("a chain on a gather whose child was cancelled is no unhandled rejection", async () => {
  const child = createTask(() => sleep(60_000));
  const gathered = gather([child]);
  const chains: Promise<unknown>[] = [
    gathered.then(() => {}),
    gathered.finally(() => {}),
  ];
  await sleep(0);
  child.cancel();
  await turns();
  chains.push(gathered.then(() => {}), gathered.finally(() => {}));
  await turns();
  for (const chain of chains) await assertRejects(() => chain, CancelledError);
});

Deno.test("gathers of gathers in layers that share their futures are cancelled", async () => {
  const lowest = new Future<void>();
  let layer: Future<unknown>[] = [lowest];
  for (let i = 0; i < 100; i++) { // 2 ** 100 ways
    const below = layer;
    layer = [gather(below), gather(below)];
  }
  const highest = gather(layer);
  assert(highest.cancel());
  await wait([highest, ...layer]);
  assert([highest, ...layer, lowest].every((each) => each.cancelled));
});

Deno.test("a cancel goes through gathers in gathers in the order of their children", async () => {
  const order: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => {
    const future = new Future<void>();
    future.addDoneCallback(() => order.push(name));
    return future;
  });
  gather([gather([a!, gather([b!])]), c!]).cancel();
  await turns();
  assertEquals(order, ["a", "b", "c"]);
});
