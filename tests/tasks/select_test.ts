import { assertEquals, assertRejects } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Event } from "@asyncio/asyncio/sync";
import { moveOnAfter, select, sleep } from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("select tells which branch has ended first, and what it gives", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const closing = new Event();
    queue.putNowait(1);
    const branches = {
      item: () => queue.get(),
      close: () => closing.wait(),
      later: () => sleep(5, { result: "nothing" }),
    };
    assertEquals(await select(branches), { name: "item", value: 1 });
    assertEquals(await select(branches), { name: "later", value: "nothing" });
    closing.set();
    assertEquals(await select(branches), { name: "close", value: true });
  }));

Deno.test("select starts functions in the order of the properties, and the first that is ready decides", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    const set = new Event();
    set.set();
    const { name } = await select({
      close: () => set.wait(),
      item: () => queue.get(),
    });
    assertEquals([name, queue.size], ["close", 1]);
  }));

Deno.test("the name and the type of the value belong together", () =>
  virtually(async () => {
    const numbers = new Queue<number>();
    const texts = new Queue<string>();
    texts.putNowait("text");
    const end = await select({
      n: () => numbers.get(),
      text: () => texts.get(),
    });
    if (end.name === "text") assertEquals(end.value.length, 4);
    else assertEquals(end.value.toFixed(), "");
  }));

Deno.test("select in a limit leaves all branches undone when that has expired", () =>
  virtually(async () => {
    const [a, b] = [new Queue<number>(), new Queue<number>()];
    const end = await moveOnAfter(
      10,
      () => select({ a: () => a.get(), b: b.get() }),
    );
    assertEquals(end, undefined);
    a.putNowait(1);
    b.putNowait(2);
    assertEquals([a.size, b.size], [1, 1]);
  }));

Deno.test("select rejects with what the first branch throws", () =>
  virtually(async () => {
    await assertRejects(() =>
      select({
        late: () => sleep(10),
        failing: () => Promise.reject(new RangeError("1")),
      }), RangeError);
  }));

Deno.test("select refuses what is no object of branches", async () => {
  await assertRejects(() => select({}), TypeError, "at least one branch");
  await assertRejects(
    () => select(undefined as never),
    TypeError,
    "Cannot select: expected an object of branches, received undefined",
  );
  await assertRejects(() => select({ a: 1 as never }), TypeError);
});
