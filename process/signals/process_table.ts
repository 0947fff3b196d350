/**
 * Which members of a group are alive. A process that has ended is a member of its
 * group until its parent reaps it. Orphans are reaped by process 1: late or never,
 * if that is no real init, as in many containers.
 *
 * @module
 */
import { canReadProc } from "../spawn/permissions.ts";

/** Whether a member of the group has not ended; `true` if that is unknown. */
export function hasLivingMembers(group: number): boolean {
  if (!canReadProc()) return true;
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name) && isLivingMember(name, group)) return true;
    }
    return false;
  } catch {
    return true; // no permission to look
  }
}

function isLivingMember(pid: string, group: number): boolean {
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // the process has ended meanwhile
  }
  // "pid (any name) state parent group ..."
  const [state, , itsGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(itsGroup) === group && state !== "Z" && state !== "X";
}
