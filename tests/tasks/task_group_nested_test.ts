import { assertEquals, assertRejects } from "@std/assert";
import {
  createTask,
  currentTask,
  sleep,
  type TaskGroup,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

class Boom extends Error {}
class Bang extends Error {}

const crashAfter = (ms: number, error: Error = new Boom()) => async () => {
  await sleep(ms);
  throw error;
};

const crashInCleanUp = async () => {
  await sleep(60_000).catch(() => {
    throw new Boom();
  });
};

/** The errors of the group that `work` fails with, groups inside as lists. */
async function errorTreeOf(work: () => PromiseLike<unknown>): Promise<unknown> {
  const error = await assertRejects(async () => await work(), AggregateError);
  return shapeOf(error);
}

function shapeOf(error: AggregateError): unknown[] {
  return error.errors.map((it) =>
    it instanceof AggregateError ? shapeOf(it) : it.constructor.name
  );
}

Deno.test("a cancel of two nested groups whose children fail in their clean-up: the errors are thrown, nested", () =>
  virtually(async () => {
    for (const sibling of [false, true]) {
      const task = createTask(() =>
        taskGroup(async (outer) => {
          if (sibling) outer.createTask(() => sleep(10));
          await taskGroup(async (inner) => {
            for (let i = 0; i < 5; i++) inner.createTask(crashInCleanUp);
            await sleep(60_000);
          });
        })
      );
      await sleep(1);
      task.cancel();
      assertEquals(await errorTreeOf(() => task), [Array(5).fill("Boom")]);
    }
  }));

Deno.test("the outer of nested groups fails: the inner one ends without an error of its own", () =>
  virtually(async () => {
    const shape = await errorTreeOf(() =>
      taskGroup(async (outer) => {
        outer.createTask(crashAfter(1));
        await taskGroup((inner) => void inner.createTask(crashAfter(100)));
      })
    );
    assertEquals(shape, ["Boom"]);
  }));

Deno.test("the inner of nested groups fails: the outer one fails with the group", () =>
  virtually(async () => {
    const shape = await errorTreeOf(() =>
      taskGroup(async (outer) => {
        outer.createTask(crashAfter(100));
        await taskGroup((inner) => void inner.createTask(crashAfter(1)));
      })
    );
    assertEquals(shape, [["Boom"]]);
  }));

Deno.test("a child that fails while the body cleans up after a cancel from outside", () =>
  virtually(async () => {
    for (const nested of [false, true]) {
      const work = () =>
        taskGroup(async (group) => {
          group.createTask(crashAfter(3));
          try {
            await sleep(60_000);
          } finally {
            await sleep(5);
          }
        });
      const task = createTask(
        nested ? async () => await createTask(work) : work,
      );
      await sleep(1);
      task.cancel();
      // The child is cancelled with the body's end, which comes after its failure.
      assertEquals(await errorTreeOf(() => task), ["Boom"]);
    }
  }));

Deno.test("a body that makes an error of a cancel from outside fails the group", () =>
  virtually(async () => {
    const task = createTask(() =>
      taskGroup(async () => {
        await sleep(60_000).catch(() => {
          throw new Bang();
        });
      })
    );
    await sleep(1);
    task.cancel();
    assertEquals(await errorTreeOf(() => task), ["Bang"]);
  }));

Deno.test("a body that makes an error of the group's own cancel: both errors are thrown", () =>
  virtually(async () => {
    const shape = await errorTreeOf(() =>
      taskGroup(async (group) => {
        group.createTask(crashAfter(1));
        await sleep(60_000).catch(() => {
          throw new Bang();
        });
      })
    );
    assertEquals(shape, ["Boom", "Bang"]);
  }));

Deno.test("a resource in the body that fails when the group is cancelled: cancelling is 0 afterwards", () =>
  virtually(async () => {
    await createTask(async () => {
      const shape = await errorTreeOf(() =>
        taskGroup(async (group) => {
          await using _resource = {
            [Symbol.asyncDispose]: () => Promise.reject(new Bang()),
          };
          group.createTask(crashAfter(0));
          await sleep(60_000);
        })
      );
      assertEquals(shape, ["Boom", "SuppressedError"]);
      assertEquals(currentTask()!.cancelling, 0);
      await sleep(1); // nothing of the cancel is left
    });
  }));

Deno.test("a group that multiplies ends, with all its children, when one fails", () =>
  virtually(async () => {
    let heads = 0;
    let alive = 0;
    const hydra = async (group: TaskGroup): Promise<void> => {
      heads++;
      alive++;
      try {
        await sleep(10);
      } finally {
        alive--;
      }
      group.createTask(() => hydra(group));
      group.createTask(() => hydra(group));
    };
    const hercules = async () => {
      while (heads < 10) await sleep(15);
      throw new Boom();
    };
    const shape = await errorTreeOf(() =>
      taskGroup((group) => {
        group.createTask(() => hydra(group));
        group.createTask(hercules);
      })
    );
    assertEquals([shape, alive], [["Boom"], 0]);
  }));

Deno.test("both of nested groups cancelled in one turn: after the inner one, the next wait is cancelled", () =>
  virtually(async () => {
    const seen: string[] = [];
    const shape = await errorTreeOf(() =>
      taskGroup(async (outer) => {
        const inner = taskGroup((group) => {
          group.createTask(crashAfter(0));
          outer.createTask(crashAfter(0, new Bang()));
        });
        await inner.catch((error) => seen.push(`${shapeOf(error)}`));
        await sleep(60_000);
        seen.push("not reached");
      })
    );
    assertEquals([shape, seen], [["Bang"], ["Boom"]]);
    await sleep(1);
  }));

Deno.test("groups in groups, five wide and four deep", () =>
  virtually(async () => {
    let leaves = 0;
    const grow = async (depth: number): Promise<void> => {
      if (depth === 0) return void leaves++;
      await taskGroup((group) => {
        for (let i = 0; i < 5; i++) group.createTask(() => grow(depth - 1));
      });
    };
    await grow(4);
    assertEquals(leaves, 625);
    const task = createTask(() => grow(4));
    await sleep(0);
    task.cancel();
    await wait([task]);
  }));

Deno.test("a timeout around a group whose child fails in the clean-up, and whose body had failed before", () =>
  virtually(async () => {
    const shape = await errorTreeOf(() =>
      timeout(1, () =>
        taskGroup(async (group) => {
          group.createTask(crashInCleanUp);
          try {
            throw new Bang();
          } finally {
            await sleep(1000);
          }
        }))
    );
    assertEquals(shape, ["Boom"]);
    await assertRejects(
      () => timeout(1, () => taskGroup(() => sleep(10))),
      TimeoutError,
    );
  }));
