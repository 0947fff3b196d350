import { assertEquals, assertMatch } from "@std/assert";
import { Monitors } from "./_monitored.ts";

const PROGRAM = `
  t.run(async () => {
    const lock = new sync.Lock();
    await lock.acquire();
    const names = ["ada", "bob"];
    for (const name of names) t.createTask(() => lock.acquire(), { name });
    const both = t.createTask(() => t.sleep(60_000), { name: "sleeper" });
    t.createTask(() => both, { name: "waiter" });
    t.createTask(() => new Promise(() => {}), { name: "elsewhere" });
    await listening();
    console.log("ready");
    await t.sleep(60_000);
  });
`;

Deno.test("monitor ps: the tasks, what each waits for, and which wait for it", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(PROGRAM);

  // Since when a wait lasts is found out soon after it has begun.
  const areTimesKnown = (out: string) => / m?s( |$)/m.test(out);
  let { code, out, err } = await monitors.cli(["ps", pid]);
  while (!areTimesKnown(out)) {
    ({ code, out, err } = await monitors.cli(["ps", pid]));
  }

  assertEquals({ code, err }, { code: 0, err: "" });
  const rows = out.split("\n").map((line) => line.split(/ {2,}/));
  const columns = rows.map(([id, name, state, waits]) => [
    id,
    name,
    state,
    waits,
  ]);
  assertEquals(columns, [
    ["TASK", "NAME", "STATE", "WAITS FOR"],
    ["1", "Task-1", "waiting", "sleep 60000"],
    ["2", "ada", "waiting", "Lock.acquire"],
    ["3", "bob", "waiting", "Lock.acquire"],
    ["4", "sleeper", "waiting", "sleep 60000"],
    ["5", "waiter", "waiting", 'task "sleeper"'],
    ["6", "elsewhere", "foreign", "(something foreign)"],
  ]);
  assertEquals(rows[4]!.at(-1), "5");
  assertMatch(rows[4]!.at(-2)!, /^[\d.]+ m?s$/);
});
