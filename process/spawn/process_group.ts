/**
 * How a child comes to lead a group of its own.
 *
 * The runtime's way, `detached`, copies this program's page tables: a few
 * milliseconds in a small program, 20 and more in one of some hundred
 * megabytes, and nothing else runs meanwhile. Where the system has the program
 * `setsid`, the child starts as that, which makes the group and then becomes
 * the program: half a millisecond, whatever this program's size.
 *
 * @module
 */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import type { Runnable } from "../../tasks/kernel/loop/runnable.ts";
import type { Scheduler } from "../../tasks/kernel/loop/scheduler.ts";
import { type Place, ShieldedWaiter } from "../../tasks/kernel/wait/waiter.ts";
import { findProgram } from "./find_program.ts";
import { isGranted, type SpawnSettings } from "../options.ts";

/** What is started instead of a program, to make it lead a group. */
export interface GroupProgram {
  program: string;
  args: readonly string[];
  /** Whether the runtime makes the group; else it is made a moment later. */
  detached: boolean;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];

let setsid: string | undefined;
let looked = false;

/** How to start `program` as the leader of a group. */
export function asGroupLeader(
  program: string,
  args: readonly string[],
  settings: SpawnSettings,
): GroupProgram {
  const path = findSetsid() && findProgram(program, settings);
  // What may still turn out not to be a program, such as a script without its
  // interpreter, is for the runtime to refuse.
  if (path === undefined || !isBinary(path)) {
    return { program, args, detached: true };
  }
  return { program: setsid!, args: [path, ...args], detached: false };
}

function findSetsid(): string | undefined {
  if (looked || Deno.build.os !== "linux") return setsid;
  if (!isGranted({ name: "read" })) return;
  looked = true;
  return setsid = ["/usr/bin/setsid", "/bin/setsid"].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

function isBinary(path: string): boolean {
  try {
    using file = Deno.openSync(path);
    const start = new Uint8Array(ELF.length);
    file.readSync(start);
    return ELF.every((byte, i) => byte === start[i]);
  } catch {
    return false;
  }
}

/**
 * A wait until something is so, which is looked at once a turn. No cancel ends
 * it: what was started has to be handed out.
 */
class GroupWait<T> extends ShieldedWaiter<T> implements Runnable {
  readonly #isSo: () => boolean;
  readonly #result: T;
  readonly #scheduler: Scheduler;

  constructor(place: Place, isSo: () => boolean, result: T) {
    super(place);
    this.#isSo = isSo;
    this.#result = result;
    this.#scheduler = currentScope().scheduler;
    this.#scheduler.defer(this);
  }

  override run(): void {
    if (this.#isSo()) this.wakeNow(this.#result);
    else this.#scheduler.defer(this);
  }
}

/** Gives `result` as soon as a child leads its group. */
export function untilGroupExists<T>(
  isLeading: () => boolean,
  result: T,
): Promise<T> {
  const place: Place = { what: "createSubprocess", leave() {} };
  return new GroupWait(place, isLeading, result).promise;
}
