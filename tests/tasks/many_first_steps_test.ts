import { assert, assertEquals } from "@std/assert";
import {
  ContextVar,
  createTask,
  gather,
  getRunningLoop,
  run,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";

/** More than can start before the next turn. */
const MANY = 20_000;

type Start = (bodies: (() => Promise<void>)[]) => Promise<unknown>;

const ways: Record<string, Start> = {
  "gather": async (bodies) => await gather(bodies),
  "createTask": async (bodies) => {
    for (const task of bodies.map((body) => createTask(body))) await task;
  },
  "a task group": (bodies) =>
    taskGroup((group) => {
      for (const body of bodies) group.createTask(body);
    }),
};

for (const [name, start] of Object.entries(ways)) {
  Deno.test(`${name} of more than a turn begins begins them in order`, () =>
    run(async () => {
      const started: number[] = [];
      const bodies = Array.from({ length: MANY }, (_, i) => async () => {
        started.push(i);
        await undefined;
      });
      await start(bodies);
      assertEquals(started, Array.from({ length: MANY }, (_, i) => i));
    }));

  Deno.test(`a callback asked for after ${name} of more than a turn begins is called after their first steps`, () =>
    run(async () => {
      let started = 0;
      let seen: number | undefined;
      const bodies = Array.from({ length: MANY }, (_, i) => async () => {
        if (i === 0) {
          // Asked for by the first step, and so after all of them.
          getRunningLoop().callSoon(() => seen = started);
        }
        started++;
        await undefined;
      });
      await start(bodies);
      assertEquals(seen, MANY);
    }));

  Deno.test(`a sleep that ends in the turn in which ${name} of more than a turn begins goes on does not keep any from beginning`, async () => {
    let started = 0;
    await run(async () => {
      const bodies = Array.from({ length: MANY }, () => async () => {
        started++;
        await undefined;
      });
      start(bodies).catch(() => {}); // what is left at the end of the run
      await sleep(1);
    });
    assertEquals(started, MANY);
  });

  Deno.test(`what ends soon after ${name} has begun it has ended before the last one begins`, () =>
    run(async () => {
      let running = 0;
      let most = 0;
      const bodies = Array.from({ length: MANY }, () => async () => {
        most = Math.max(most, ++running);
        await undefined;
        running--;
      });
      await start(bodies);
      assert(most < MANY / 2, `${most} at a time`);
    }));
}

Deno.test("of two events, the code that awaits the one set first goes on first, though a task of more than a turn begins sets the other", () =>
  run(async () => {
    const first = new Event();
    const second = new Event();
    const seen: string[] = [];
    const tasks = [
      createTask(() => first.wait().then(() => seen.push("first"))),
      createTask(() => second.wait().then(() => seen.push("second"))),
    ];
    await sleep(0);
    for (let i = 0; i < MANY; i++) {
      createTask(() => i === MANY - 1 && second.set());
    }
    first.set();
    await gather(tasks);
    assertEquals(seen, ["first", "second"]);
  }));

Deno.test("each of more tasks than a turn begins starts with the variables it was made with", () =>
  run(async () => {
    const place = new ContextVar<number>("place");
    const tasks = Array.from({ length: MANY }, (_, i) => {
      place.set(i);
      return createTask(() => place.get());
    });
    const seen = [];
    for (const task of tasks) seen.push(await task);
    assertEquals(seen, Array.from({ length: MANY }, (_, i) => i));
  }));
