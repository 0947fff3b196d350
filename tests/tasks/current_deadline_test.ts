import { assertEquals } from "@std/assert";
import {
  createTask,
  currentDeadline,
  gather,
  getRunningLoop,
  moveOnAfter,
  run,
  shielded,
  sleep,
  taskGroup,
  timeout,
  timeoutAt,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("currentDeadline is the earliest of all limits around, on the loop's clock", () =>
  virtually(async () => {
    await sleep(7);
    assertEquals(currentDeadline(), Infinity);
    await timeout(100, async () => {
      assertEquals(currentDeadline(), 107);
      await timeout(10, () => assertEquals(currentDeadline(), 17));
      await moveOnAfter(1000, () => assertEquals(currentDeadline(), 107));
      await timeoutAt(50, () => assertEquals(currentDeadline(), 50));
      await waitFor(() => assertEquals(currentDeadline(), 27), 20);
      await timeout(undefined, () => assertEquals(currentDeadline(), 107));
    });
    assertEquals(currentDeadline(), Infinity);
  }));

Deno.test("currentDeadline follows a limit that is moved or taken away", () =>
  virtually(() =>
    timeout(10, async (outer) => {
      await timeout(5, (inner) => {
        inner.reschedule(50);
        assertEquals(currentDeadline(), 10);
        outer.reschedule(100);
        assertEquals(currentDeadline(), 50);
        outer.reschedule(undefined);
        inner.reschedule(undefined);
        assertEquals(currentDeadline(), Infinity);
      });
    })
  ));

Deno.test("children of a group have the limits around it, wherever they are made", () =>
  virtually(async () => {
    const seen: unknown[] = [];
    const look = (name: string) => () =>
      void seen.push([name, currentDeadline()]);
    await timeout(100, async (limit) => {
      await taskGroup(async (group) => {
        group.createTask(look("child"));
        group.createTask(look("eager"), { eager: true });
        await timeout(10, () => void group.createTask(look("from inside")));
        await group.start((started: (value: void) => void) => {
          look("started")();
          started();
        });
        group.createTask(async () => {
          await sleep(1);
          limit.reschedule(200);
          look("later")();
          await taskGroup((inner) => void inner.createTask(look("nested")));
        });
        createTask(look("on its own"));
      });
    });
    assertEquals(seen, [
      ["eager", 100],
      ["child", 100],
      ["from inside", 100],
      ["started", 100],
      ["on its own", Infinity],
      ["later", 200],
      ["nested", 200],
    ]);
  }));

Deno.test("children with a limit of their own, or of a group with one, have the earliest", () =>
  virtually(() =>
    timeout(100, () =>
      taskGroup((group) => {
        for (let i = 0; i < 3; i++) {
          group.createTask(() =>
            timeout(10, () => assertEquals(currentDeadline(), 10))
          );
        }
      }, { limit: 3 }))
  ));

Deno.test("inside shielded only its own limit counts", () =>
  virtually(() =>
    timeout(10, async () => {
      await shielded(() => assertEquals(currentDeadline(), Infinity));
      await shielded(() => assertEquals(currentDeadline(), 50), {
        timeout: 50,
      });
      await shielded(
        () =>
          taskGroup((group) => {
            group.createTask(() => assertEquals(currentDeadline(), 50));
          }),
        { timeout: 50 },
      );
    })
  ));

Deno.test("tasks, functions of gather and other loops have not the limits around them", () =>
  virtually(() =>
    timeout(10, async () => {
      assertEquals(await createTask(() => currentDeadline()), Infinity);
      assertEquals(await gather([() => currentDeadline()]), [Infinity]);
      assertEquals(await run(() => currentDeadline()), Infinity);
    })
  ));

Deno.test("what a timeout has left behind has its limit no more", () =>
  virtually(async () => {
    let left!: Promise<number>;
    await timeout(10, () => {
      left = sleep(5).then(() => currentDeadline());
    });
    assertEquals(await left, Infinity);
  }));

Deno.test("callbacks have no limit", () =>
  virtually(() =>
    timeout(10, async () => {
      let seen: number | undefined;
      getRunningLoop().callSoon(() => seen = currentDeadline());
      await sleep(1);
      assertEquals(seen, Infinity);
    })
  ));
