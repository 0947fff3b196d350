/**
 * Ends the children of this program when it has ended, however that happened:
 * by `Deno.exit`, an uncaught error, or a signal, SIGKILL included.
 *
 * No code of this program runs after SIGKILL, or before the default action of
 * SIGTERM, which a listener would disable. So another process does it: a small shell
 * in a session of its own that waits for the end of a pipe. The kernel closes this
 * program's end of the pipe when the program has ended.
 *
 * The alternative, `PR_SET_PDEATHSIG`, needs the start of one more program
 * (`setpriv --pdeathsig`) for every child, and does not reach descendants.
 *
 * @module
 */
import { constants } from "node:os";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { canSignalGroups } from "../spawn/permissions.ts";
import { isGranted } from "../../tasks/kernel/permissions.ts";
import { findSetsid } from "../spawn/process_group.ts";
import { Journal } from "./journal.ts";
import { type Lifeline, lifelineTo } from "./lifeline.ts";

/** A child that is to be ended. */
export interface Watched {
  /** The number of the process, or of the group. */
  readonly pid: number;
  readonly isGroup: boolean;
  readonly killSignal: Deno.Signal;
  /** Milliseconds between `killSignal` and SIGKILL. */
  readonly killAfter: number;
}

/** The watch over a child; disposing ends it. */
export interface Watch extends Disposable {
  /** Notes that the leader of the group has ended, and members are left. */
  leaderEnded(): void;
}

/** The largest number to which every shell can count. */
const MAX_LIMIT = 2 ** 31 - 1;

const SHELL = "/bin/sh";

/**
 * Waits for a line, starts {@linkcode WATCH}, and ends, so that no child of this
 * program is left. (Shells connect the input of a background process to /dev/null:
 * hence file descriptor 3.)
 */
const LAUNCH = `
trap '' HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP TTIN TTOU
read -r _
exec 3<&0
[ -z "$journal" ] || exec 4<"$journal"
${SHELL} -c "$0" watchdog <&3 3<&- &
`;

/**
 * Reads entries from its input and from the journal, until the end of the input,
 * which is the end of the program. `7 -1234 15 50 alone` is entry 7: the group 1234
 * gets signal 15, and SIGKILL 50 tenths of a second later (`-`: never). `alone`: the
 * leader has ended; if there is a process 1234, the number is used again, and the
 * group is gone. `7` removes the entry.
 */
const WATCH = `# ends the children of a program that has ended
note_all() {
  while read -r id entry; do
    if [ -n "$entry" ]; then eval "t_$id='$entry'"; else unset "t_$id"; fi
  done
}
[ -z "$journal" ] || rm -f "$journal"
note_all
[ -z "$journal" ] || note_all <&4
left=$(set | while IFS="'" read -r name value _; do
  case $name in t_[0-9]*=) echo "$value" ;; esac
done)
[ -n "$left" ] || exit 0
left=$(echo "$left" | while read -r target signal limit state; do
  [ "$state" != alone ] || ! kill -0 "\${target#-}" || continue
  kill "-$signal" "$target" || continue
  kill -CONT "$target" # a stopped one gets it only when it goes on
  echo "$target $signal $limit"
done)
tenths=0
while [ -n "$left" ]; do
  left=$(echo "$left" | while read -r target signal limit; do
    [ "$limit" != - ] && kill -0 "$target" || continue
    if [ "$tenths" -lt "$limit" ]; then echo "$target $signal $limit"
    else kill -9 "$target"; fi
  done)
  [ -z "$left" ] || sleep 0.1
  tenths=$((tenths + 1))
done
`;

class Watchdog {
  /** The entries, as lines, by their numbers. */
  readonly #entries = new Map<number, string>();
  #lastId = 0;
  #lifeline: Lifeline | undefined = undefined;
  /** Resolves when the launching shell has ended; `undefined` after that. */
  launching: Promise<void> | undefined = undefined;

  /** Starts the shell, if it does not run. If that fails, the next child tries. */
  launch(): void {
    if (this.#lifeline?.isOpen) return;
    const journal = Journal.create(this.#entries);
    const setsid = findSetsid();
    const args = ["-c", LAUNCH, WATCH];
    try {
      const shell = new Deno.Command(setsid ?? SHELL, {
        args: setsid === undefined ? args : [SHELL, ...args],
        // No other variables: `set` prints all, and a value could look like an
        // entry.
        clearEnv: true,
        env: { journal: journal?.path ?? "", PATH: searchPath() },
        cwd: "/",
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        detached: setsid === undefined,
      }).spawn();
      const launched = () => this.launching = undefined;
      this.launching = shell.status.then(launched, launched);
      this.#lifeline = lifelineTo(shell, this.#entries, journal);
    } catch {
      journal?.remove(); // there are no free descriptors, processes or memory
    }
  }

  add({ pid, isGroup, killSignal, killAfter }: Watched): Watch {
    const id = ++this.#lastId;
    const target = isGroup ? -pid : pid;
    const signal = (constants.signals as Record<string, number>)[killSignal];
    const limit = killAfter === Infinity
      ? "-"
      : Math.min(Math.ceil(killAfter / 100), MAX_LIMIT);
    const entry = `${id} ${target} ${signal} ${limit}`;
    this.#note(id, entry);
    return {
      leaderEnded: () => this.#note(id, `${entry} alone`),
      [Symbol.dispose]: () => {
        if (this.#entries.delete(id)) this.#lifeline?.note(`${id}`);
      },
    };
  }

  #note(id: number, entry: string): void {
    this.#entries.set(id, entry);
    this.#lifeline?.note(entry);
  }
}

/** Where the shell finds `rm` and `sleep`. */
function searchPath(): string {
  const path = isGranted({ name: "env", variable: "PATH" })
    ? Deno.env.get("PATH")
    : undefined;
  return `${path ?? ""}:/usr/bin:/bin`;
}

const watchdog = new Watchdog();

/**
 * Starts the watchdog, if it does not run; to be called before a child is started.
 * Does nothing on Windows, or without the permission to run any program.
 */
export function launchWatchdog(): void {
  if (canSignalGroups()) detached(() => watchdog.launch());
}

/** Ends a child with this program, until the watch is disposed. */
export function endWithProgram(watched: Watched): Watch {
  return watchdog.add(watched);
}

/**
 * Resolves when the launch of the watchdog is over; `undefined` if it is. Until then
 * there is one more child, and a signal to the process group of this program may end
 * the watchdog, too.
 */
export function watchdogLaunch(): Promise<void> | undefined {
  return watchdog.launching;
}
