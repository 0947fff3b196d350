/**
 * What every queue of jobs keeps to, as tests: one suite for all kinds.
 *
 * @module
 */
import { testTaking } from "./_taking.ts";
import { testLeases } from "./_leases.ts";
import { testLetters } from "./_letters.ts";
import { testPutting } from "./_putting.ts";
import { testBound } from "./_bound.ts";
import { testCancelling } from "./_cancelling.ts";
import { testCodec } from "./_codec.ts";
import { testClosing } from "./_closing.ts";
import { testPriorities } from "./_priorities.ts";
import { testUnique } from "./_unique.ts";
import { testInspection } from "./_inspection.ts";
import { testResults } from "./_results.ts";
import { testScheduling } from "./_scheduling.ts";
import { definerFor, type Kind } from "./_place.ts";

/** Defines the tests for one kind of queue. */
export function testJobs(kind: Kind): void {
  const test = definerFor(kind);
  testTaking(test);
  testLeases(test);
  testLetters(test);
  testPutting(test);
  testBound(test);
  testCancelling(test);
  testCodec(test);
  testClosing(test);
  testPriorities(test);
  testUnique(test);
  testInspection(test);
  testResults(test);
  testScheduling(test);
}
