/**
 * What `work` does over any queue of jobs, as tests: one suite for all kinds.
 *
 * @module
 */
import { testLimits } from "./_limits.ts";
import { testEnding } from "./_ending.ts";
import { testExceptions } from "./_exceptions.ts";
import { definerFor, type Kind } from "./_place.ts";
import { testWorking } from "./_working.ts";

/** Defines the tests for one kind of queue. */
export function testWork(kind: Kind): void {
  const test = definerFor({ ...kind, name: `work, ${kind.name}` });
  testWorking(test);
  testEnding(test);
  testExceptions(test);
  testLimits(test);
}
