/** Tasks that wait for each other in a ring. @module */
import type { TaskInfo } from "../protocol.ts";

/** What is known of a task while the graph is walked. */
interface Visit {
  readonly order: number;
  /**
   * The least order that can be reached from it, among the tasks on the stack.
   */
  low: number;
  onStack: boolean;
}

/**
 * Returns the rings: sets of tasks that each wait, through others, for
 * themselves. Tarjan's algorithm, without recursion, as a ring may be long.
 *
 * @param awaits The tasks that each task waits for.
 */
export function findRings(
  tasks: readonly TaskInfo[],
  awaits: ReadonlyMap<number, readonly number[]>,
): number[][] {
  const visits = new Map<number, Visit>();
  const stack: number[] = [];
  const rings: number[][] = [];
  const enter = (id: number) => {
    const order = visits.size;
    visits.set(id, { order, low: order, onStack: true });
    stack.push(id);
    return { id, next: (awaits.get(id) ?? []).values() };
  };
  const leave = (id: number) => {
    const { order, low } = visits.get(id)!;
    if (low !== order) return;
    const members = stack.splice(stack.lastIndexOf(id));
    for (const member of members) visits.get(member)!.onStack = false;
    const isRing = members.length > 1 || awaits.get(id)?.includes(id);
    if (isRing) rings.push(members.sort((a, b) => a - b));
  };
  for (const { id } of tasks) {
    const path = visits.has(id) ? [] : [enter(id)];
    while (path.length > 0) {
      const { id, next } = path.at(-1)!;
      const visit = visits.get(id)!;
      const { value: other } = next.next();
      if (other === undefined) {
        path.pop();
        leave(id);
        const parent = path.at(-1);
        if (parent !== undefined) {
          const around = visits.get(parent.id)!;
          around.low = Math.min(around.low, visit.low);
        }
        continue;
      }
      const seen = visits.get(other);
      if (seen === undefined) path.push(enter(other));
      else if (seen.onStack) visit.low = Math.min(visit.low, seen.order);
    }
  }
  return rings.sort(([a], [b]) => a! - b!);
}
