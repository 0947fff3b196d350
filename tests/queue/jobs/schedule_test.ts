/** What cron expressions mean, and which runs are due. */
import { assertEquals } from "@std/assert";
import { memoryJobs, schedule } from "@asyncio/asyncio/queue/jobs";
import { run, sleep } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import {
  loadParser,
  timesOf,
} from "../../../queue/jobs/schedule/recurrence.ts";
import { dueRuns, type Missed } from "../../../queue/jobs/schedule/runs.ts";

await loadParser();

const BERLIN = "Europe/Berlin";

/** The next runs after `from`, as UTC. */
function runs(
  cron: string,
  from: string,
  count: number,
  timeZone = BERLIN,
): string[] {
  const times = timesOf({ cron, timeZone }, 0);
  const found: string[] = [];
  for (let time = Date.parse(from); found.length < count;) {
    time = times.next(time);
    found.push(new Date(time).toISOString().slice(0, 16));
  }
  return found;
}

function test(what: string, fn: () => void | Promise<void>): void {
  Deno.test(`schedule: ${what}`, fn);
}

test("a time that does not exist comes when the clocks have gone forward", () => {
  // 29 March: from 02:00 to 03:00, which is 01:00 UTC.
  assertEquals(
    runs("30 2 * * *", "2026-03-28T12:00Z", 2),
    ["2026-03-29T01:00", "2026-03-30T00:30"],
  );
  assertEquals(
    runs("*/30 1-3 * * *", "2026-03-29T00:00Z", 3),
    ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"],
  );
});

test("a fixed time that comes twice runs once, the first time", () => {
  // 25 October: from 03:00 back to 02:00, which is 01:00 UTC.
  assertEquals(
    runs("30 2 * * *", "2026-10-24T12:00Z", 2),
    ["2026-10-25T00:30", "2026-10-26T01:30"],
  );
  assertEquals(
    runs("30 2 * * *", "2026-10-25T00:45Z", 1), // between the two
    ["2026-10-26T01:30"],
  );
});

test("steps and ranges run through both hours", () => {
  assertEquals(
    runs("*/30 * * * *", "2026-10-24T23:45Z", 5),
    [
      "2026-10-25T00:00",
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
      "2026-10-25T02:00",
    ],
  );
});

test("of a day of the month and a weekday, either matches", () => {
  assertEquals(
    runs("0 12 13 * FRI", "2026-03-07T00:00Z", 3, "UTC"),
    ["2026-03-13T12:00", "2026-03-20T12:00", "2026-03-27T12:00"],
  );
  assertEquals(
    runs("0 0 1 * 1", "2026-06-30T00:00Z", 2, "UTC"),
    ["2026-07-01T00:00", "2026-07-06T00:00"],
  );
});

test("0 and 7 are Sunday, and names, last days and workdays are known", () => {
  for (const sunday of ["0", "7", "SUN"]) {
    assertEquals(
      runs(`0 0 * * ${sunday}`, "2026-01-01T00:00Z", 1, "UTC"),
      ["2026-01-04T00:00"],
    );
  }
  assertEquals(
    runs("0 0 L * *", "2026-02-01T00:00Z", 1, "UTC"),
    ["2026-02-28T00:00"],
  );
  assertEquals(
    runs("0 0 15W * *", "2026-08-01T00:00Z", 1, "UTC"),
    ["2026-08-14T00:00"],
  );
});

test("a time of its own is not the next one, half a second before it is", () => {
  const times = timesOf({ cron: "0 * * * *", timeZone: "UTC" }, 0);
  const noon = Date.parse("2026-01-01T12:00Z");
  assertEquals(times.next(noon), noon + 3_600_000);
  assertEquals(times.next(noon - 500), noon);
});

test("walking back gives the same times as walking forward", () => {
  for (
    const [cron, from, to] of [
      ["30 2 * * *", "2026-03-27T00:00Z", "2026-03-31T00:00Z"],
      ["30 2 * * *", "2026-10-23T00:00Z", "2026-10-28T00:00Z"],
      ["*/30 * * * *", "2026-10-24T22:00Z", "2026-10-25T05:00Z"],
      ["15 1-3 * * *", "2026-10-24T22:00Z", "2026-10-25T05:00Z"],
      ["0 0 29 2 *", "2024-01-01T00:00Z", "2029-01-01T00:00Z"],
    ] as const
  ) {
    const times = timesOf({ cron, timeZone: BERLIN }, 0);
    const forward: number[] = [];
    for (
      let time = times.next(Date.parse(from));
      time <= Date.parse(to);
      time = times.next(time)
    ) forward.push(time);
    const back: number[] = [];
    for (
      let time = times.last(Date.parse(to));
      time > Date.parse(from);
      time = times.last(time - 1)
    ) back.unshift(time);
    assertEquals(back, forward, cron);
  }
});

test("a period counts from its start, and its first run comes after one", () => {
  const times = timesOf({ every: 1000 }, 500);
  assertEquals(
    [times.next(500), times.next(1499), times.next(1500), times.last(2600)],
    [1500, 1500, 2500, 2500],
  );
});

for (
  const [missed, late, expected] of [
    ["skip", 0, [10_000]],
    ["skip", 4000, [10_000]],
    ["skip", 36_000, []],
    ["once", 36_000, [40_000]],
    ["all", 36_000, [10_000, 20_000, 30_000, 40_000]],
  ] as [Missed, number, number[]][]
) {
  test(`missed: "${missed}", ${late} ms late, starts ${expected.length}`, () => {
    const times = timesOf({ every: 10_000 }, 0);
    const now = 10_000 + late;
    const since = 0;
    const due = dueRuns(times, { next: 10_000, now, missed, since });
    assertEquals(due.runs, expected);
    assertEquals(due.next, Math.floor(now / 10_000) * 10_000 + 10_000);
  });
}

test("a run that was due before the queue was opened is missed, unless another process starts it yet", () => {
  const times = timesOf({ every: 10_000 }, 0);
  const opened = { next: 10_000, since: 13_000 };
  for (
    const [missed, now, runs, next, look] of [
      ["skip", 13_000, [], 10_000, 15_001], // another may start it until then
      ["skip", 15_000, [], 10_000, 15_001],
      ["skip", 15_001, [], 20_000, 20_000],
      ["skip", 20_000, [20_000], 30_000, 30_000],
      ["once", 13_000, [10_000], 20_000, 20_000],
      ["all", 13_000, [10_000], 20_000, 20_000],
    ] as [Missed, number, number[], number, number][]
  ) {
    const due = dueRuns(times, { ...opened, missed, now });
    assertEquals(due, { runs, next, look }, `${missed} at ${now}`);
  }
  const often = timesOf({ every: 1000 }, 0);
  const due = dueRuns(often, { ...opened, missed: "skip", now: 13_500 });
  assertEquals(due, { runs: [13_000], next: 14_000, look: 14_000 });
});

test("a million missed runs are not walked through, and all of them come in parts", () => {
  const times = timesOf({ cron: "* * * * *", timeZone: "UTC" }, 0);
  const now = Date.parse("2026-01-01T00:00:30Z");
  const next = now - 2 * 365 * 86_400_000;
  const once = dueRuns(times, { next, now, missed: "once", since: 0 });
  assertEquals(once.runs, [Date.parse("2026-01-01T00:00Z")]);
  const all = dueRuns(times, { next, now, missed: "all", since: 0 });
  assertEquals([all.runs.length, all.next < now], [1000, true]);
});

test("on a virtual clock, years of runs take no time", () =>
  run(async () => {
    await using jobs = memoryJobs<string>();
    await schedule(jobs, {
      name: "yearly",
      cron: "0 0 1 1 *",
      timeZone: "UTC",
      value: "happy new year",
    });
    const years: number[] = [];
    for (let i = 0; i < 3; i++) {
      const job = await jobs.get();
      years.push(new Date(job.id.replace("yearly@", "")).getUTCFullYear());
      await job.done();
    }
    assertEquals([years[1]! - years[0]!, years[2]! - years[1]!], [1, 1]);
  }, { clock: new VirtualClock() }));

test("registering the same times again moves no run, other times do", () =>
  run(async () => {
    await using jobs = memoryJobs<string>();
    const tick = (every: number) =>
      schedule(jobs, { name: "tick", every, value: `${every}` });
    await tick(1000);
    await sleep(900);
    await tick(1000);
    await sleep(200);
    assertEquals(await jobs.size(), 1);
    await tick(2000);
    await sleep(1900);
    assertEquals(await jobs.size(), 1);
    await sleep(200);
    assertEquals(await jobs.size(), 2);
  }, { clock: new VirtualClock() }));
