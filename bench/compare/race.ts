/**
 * The same work by all who can do it, in alternating rounds: what else the
 * machine does meets all of them alike.
 */
import type { Contestant } from "./contestants.ts";
import type { PeerName } from "./peer_names.ts";
import { plan } from "./plan.ts";
import { Program, Rounds } from "./program.ts";
import { infoOf, type WorkName } from "./works.ts";

export interface Result {
  work: WorkName;
  /** Nanoseconds for each unit, the median of the rounds. */
  ns: Map<PeerName, number>;
}

export async function race(
  work: WorkName,
  contestants: Contestant[],
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const units = Math.min(infoOf(work).size, plan.maxUnits);
  const field = new Map<PeerName, Rounds>();
  for (const { name, works, command } of contestants) {
    if (!works.has(work)) continue;
    const program = stack.use(await Program.start(command, work));
    field.set(name, new Rounds(program, units));
  }
  for (const rounds of field.values()) await rounds.warmUp();
  let open = [...field.values()];
  while (open.length > 0) {
    for (const rounds of open) await rounds.next();
    open = open.filter((rounds) => !rounds.areEnough);
  }
  const ns = new Map(
    [...field].map(([name, rounds]) => [name, rounds.median]),
  );
  return { work, ns };
}
