import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  moveOnAfter,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { fail } from "../_helpers/group_errors.ts";

Deno.test("group.cancel in the body ends body and children without an error", async () => {
  const seen: string[] = [];
  const value = await taskGroup(async (group) => {
    group.createTask(() => sleep(60_000).finally(() => seen.push("child")));
    await sleep(0);
    group.cancel();
    group.cancel(); // harmless
    await sleep(60_000).finally(() => seen.push("body"));
    return "not reached";
  });
  assertEquals([value, seen], [undefined, ["child", "body"]]);
});

Deno.test("group.cancel gives the body's value where the body had ended", async () => {
  const value = await taskGroup((group) => {
    group.createTask(() => sleep(60_000));
    group.createTask(async () => {
      await sleep(0);
      group.cancel();
    });
    return "ended";
  });
  assertEquals(value, "ended");
});

Deno.test("a body that returns right after group.cancel gives its value", async () => {
  const value = await taskGroup((group) => {
    group.createTask(() => sleep(60_000));
    group.cancel();
    return "value";
  });
  assertEquals(value, "value");
});

Deno.test("group.cancel from a child ends that child too", async () => {
  const seen: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      await sleep(0);
      group.cancel();
      await sleep(60_000).finally(() => seen.push("child"));
    });
    await sleep(60_000).finally(() => seen.push("body"));
  });
  assertEquals(seen.sort(), ["body", "child"]);
});

Deno.test("group.cancel from an eager child in its first step ends that child too", async () => {
  const seen: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      group.cancel();
      await sleep(60_000).finally(() => seen.push("child"));
    }, { eager: true });
    await sleep(60_000).finally(() => seen.push("body"));
  });
  assertEquals(seen.sort(), ["body", "child"]);
});

Deno.test("children that were not started yet when the group is cancelled never start", async () => {
  let ran = false;
  await taskGroup((group) => {
    group.createTask(() => void (ran = true));
    group.cancel();
  });
  assertEquals(ran, false);
});

Deno.test("errors of the clean-up after group.cancel are thrown", async () => {
  const { errors } = await assertRejects(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          fail("clean-up");
        }
      });
      await sleep(0);
      group.cancel();
    }), AggregateError);
  assertEquals(errors.map((error) => error.message), ["clean-up"]);
});

Deno.test("a timeout around a group ends body and children", async () => {
  const seen: string[] = [];
  await assertRejects(() =>
    timeout(1, () =>
      taskGroup((group) => {
        group.createTask(() => sleep(60_000).finally(() => seen.push("child")));
      })), TimeoutError);
  assertEquals(seen, ["child"]);
});

Deno.test("a timeout around a group whose clean-up fails: the errors are thrown, and the timeout ends nothing else", async () => {
  const task = createTask(async () => {
    const { errors } = await assertRejects(
      () =>
        timeout(1, () =>
          taskGroup((group) => {
            group.createTask(() =>
              sleep(60_000).finally(() => fail("clean-up"))
            );
          })),
      AggregateError,
    );
    await sleep(0);
    return errors[0].message;
  });
  assertEquals(await task, "clean-up");
});

Deno.test("a timeout inside the body ends only what is inside it", async () => {
  const value = await taskGroup(async (group) => {
    const child = group.createTask(() => sleep(5, { result: "child" }));
    const inner = await moveOnAfter(1, () => sleep(60_000));
    return [inner, await child];
  });
  assertEquals<unknown>(value, [undefined, "child"]);
});

Deno.test("two groups side by side in one task: the failure of one leaves the other alone", async () => {
  const ends = await createTask(() =>
    Promise.allSettled([
      taskGroup(async (group) => {
        group.createTask(() => fail("left"));
        await sleep(60_000);
      }),
      taskGroup(async (group) => {
        group.createTask(() => sleep(1));
        await sleep(2);
        return "right";
      }),
    ])
  );
  assertEquals(ends[0].status, "rejected");
  assertEquals(ends[1], { status: "fulfilled", value: "right" });
});

Deno.test("a group around foreign promises is a cancellation point", async () => {
  let rounds = 0;
  const task = createTask(async () => {
    while (rounds < 1e6) await taskGroup(() => Promise.resolve(rounds++));
  });
  await sleep(0);
  task.cancel();
  const before = rounds;
  await assertRejects(async () => await task, CancelledError);
  assertEquals(rounds, before);
});
