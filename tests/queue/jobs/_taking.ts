/** Who gets which job, and what it is. @module */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Define, take } from "./_place.ts";

/** Defines the tests. */
export function testTaking(test: Define): void {
  test("jobs are taken in order of arrival, each once", async (place) => {
    await using jobs = await place.open<number>();
    for (let n = 0; n < 5; n++) await jobs.put(n);
    const taken = [];
    for (let n = 0; n < 5; n++) taken.push(await take(jobs));
    assertEquals(taken, [0, 1, 2, 3, 4]);
    assertEquals(await jobs.size(), 0);
  });

  test("the first that waits gets the first job", async (place) => {
    await using jobs = await place.open<number>();
    const gets = [jobs.get(), jobs.get()];
    await jobs.put(1);
    const first = await gets[0]!;
    await jobs.put(2);
    const second = await gets[1]!;
    assertEquals([first.value, second.value], [1, 2]);
  });

  test("a worker gets a copy of what was put", async (place) => {
    await using jobs = await place.open<{ list: number[] }>();
    const value = { list: [1] };
    await jobs.put(value);
    value.list.push(2);
    assertEquals((await jobs.get()).value, { list: [1] });
  });

  test("a job says its id, its attempt, its lease and its state", async (place) => {
    await using jobs = await place.open<string>({ lease: 5000 });
    await jobs.put("a", { id: "näme 1\n%" });
    const job = await jobs.get();
    assertEquals(
      [job.id, job.attempt, job.lease, job.state],
      ["näme 1\n%", 1, 5000, "leased"],
    );
    assertMatch(Deno.inspect(job), /attempt: 1, state: "leased"/);
    await job.done();
    assertEquals(job.state, "settled");
  });

  test("a job put without an id gets one of its own, the same in every attempt", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    await jobs.put("a");
    const one = await jobs.get();
    const other = await jobs.get();
    assert(one.id !== other.id);
    await one.retry();
    assertEquals((await jobs.get()).id, one.id);
  });
}
