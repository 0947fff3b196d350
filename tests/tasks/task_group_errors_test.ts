import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  createTask,
  currentTask,
  Future,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { errorsOf, fail } from "../_helpers/group_errors.ts";

Deno.test("the first failure cancels the siblings and the body", async () => {
  const seen: string[] = [];
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        await sleep(60_000).finally(() => seen.push("sibling"));
      });
      group.createTask(async () => {
        await sleep(0);
        fail("boom");
      });
      await sleep(60_000).finally(() => seen.push("body"));
    })
  );
  assertEquals(errors, ["boom"]);
  assertEquals(seen.sort(), ["body", "sibling"]);
});

Deno.test("children that were not started yet when the group failed never start", async () => {
  let ran = false;
  const errors = await errorsOf(() =>
    taskGroup((group) => {
      group.createTask(() => fail("boom"));
      group.createTask(() => void (ran = true));
    })
  );
  assertEquals([errors, ran], [["boom"], false]);
});

Deno.test("all errors that are no cancel are thrown, in the order in which they came, the body's last", async () => {
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          fail("clean-up of a child");
        }
      });
      group.createTask(async () => {
        await sleep(0);
        fail("first");
      });
      try {
        await sleep(60_000);
      } finally {
        fail("clean-up of the body");
      }
    })
  );
  assertEquals(errors, [
    "first",
    "clean-up of a child",
    "clean-up of the body",
  ]);
});

Deno.test("a failing body cancels the children, which clean up before the group ends", async () => {
  let cleaned = false;
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          cleaned = true;
        }
      });
      await sleep(0);
      fail("body");
    })
  );
  assertEquals([errors, cleaned], [["body"], true]);
});

Deno.test("a body that throws synchronously fails its group", async () => {
  assertEquals(await errorsOf(() => taskGroup(() => fail("body"))), ["body"]);
});

Deno.test("undefined is an error like any other", async () => {
  const { errors } = await assertRejects(
    () =>
      taskGroup((group) =>
        void group.createTask(() => Promise.reject(undefined))
      ),
    AggregateError,
  );
  assertEquals(errors, [undefined]);
});

Deno.test("a body that swallows the group's cancel does not hide the error", async () => {
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(() => fail("boom"));
      await sleep(60_000).catch(() => {});
      return "swallowed";
    })
  );
  assertEquals(errors, ["boom"]);
});

Deno.test("the group's own cancel does not outlive it", async () => {
  const task = createTask(async () => {
    await errorsOf(() =>
      taskGroup(async (group) => {
        group.createTask(() => fail("boom"));
        await turns(); // a foreign wait: the cancel of the body is not delivered
      })
    );
    await sleep(0);
    return currentTask()!.cancelling;
  });
  assertEquals(await task, 0);
});

Deno.test("groups nest: the inner one's failure ends the outer one", async () => {
  const error = await assertRejects(() =>
    taskGroup((outer) => {
      outer.createTask(() => sleep(60_000));
      outer.createTask(() =>
        taskGroup((inner) => {
          inner.createTask(() => sleep(60_000));
          inner.createTask(() => fail("innermost"));
        })
      );
    }), AggregateError);
  assertEquals(error.errors[0].errors[0].message, "innermost");
  assertEquals([error.errors.length, error.errors[0].errors.length], [1, 1]);
});

Deno.test("inner and outer group failing in the same turn throw both errors", async () => {
  const error = await assertRejects(() =>
    taskGroup(async (outer) => {
      const go = new Future<void>();
      outer.createTask(async () => {
        await go;
        fail("outer");
      });
      createTask(async () => {
        await sleep(0);
        go.setResult();
      });
      await taskGroup((inner) => {
        inner.createTask(async () => {
          await go;
          fail("inner");
        });
      });
    }), AggregateError);
  assertEquals(error.errors.length, 2);
  assertEquals(error.errors[0].message, "outer");
  assertEquals(error.errors[1].errors[0].message, "inner");
});

Deno.test("a failed child's error counts as retrieved", async () => {
  let child: { exception(): unknown } | undefined;
  const error = await assertRejects(
    () =>
      taskGroup((group) => {
        child = group.createTask(() => fail("boom"));
      }),
    AggregateError,
    "boom",
  );
  assertStrictEquals(child!.exception(), error.errors[0]);
});

Deno.test("an eager child that fails at once lets the body make the next one", async () => {
  let ran = false;
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(() => fail("eager"), { eager: true });
      group.createTask(() => void (ran = true), { eager: true });
      await sleep(60_000);
    })
  );
  assertEquals([errors, ran], [["eager"], true]);
});
