/**
 * How a child comes to lead a group of its own.
 *
 * The runtime's way, `detached`, copies this program's page tables: a few
 * milliseconds in a small program, 20 and more in one of some hundred
 * megabytes, and nothing else runs meanwhile. If the system has the program
 * `setsid`, the child starts as that, which makes the group and then becomes
 * the program: half a millisecond, whatever this program's size. No other
 * helper that systems have is cheaper, since the time goes into loading its
 * libraries.
 *
 * @module
 */
import { findProgram } from "./find_program.ts";
import { isGranted } from "../../tasks/kernel/permissions.ts";
import type { Program } from "./program.ts";
import type { SpawnSettings } from "./settings.ts";

const ELF = [0x7f, 0x45, 0x4c, 0x46];
/** Bytes of a script in which the kernel looks for its interpreter. */
const MAX_SHEBANG = 256;

let setsid: string | undefined;
let looked = false;

/** Lets `program` lead a group, if the settings say so. */
export function inGroup(program: Program, settings: SpawnSettings): Program {
  // A child that outlives this program is made by the runtime itself, which
  // kills all others when it ends.
  if (settings.detached) return { ...program, detached: true };
  if (!settings.group) return program;
  const path = findSetsid() &&
    (program.path ?? findProgram(program.program, settings));
  // The runtime reports a file that is no program; `setsid` would not.
  if (path === undefined || !canBeExecuted(path)) {
    return { ...program, detached: true };
  }
  return { ...program, program: setsid!, args: [path, ...program.args] };
}

/** The path of `setsid`; `undefined` if there is none, or it cannot be seen. */
export function findSetsid(): string | undefined {
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

/**
 * Whether the file is a binary, or a script with an interpreter that is one.
 */
function canBeExecuted(path: string): boolean {
  const start = startOf(path);
  if (isBinary(start)) return true;
  const line = new TextDecoder().decode(start);
  const interpreter = /^#!\s*(\/\S+)[^\n]*\n/.exec(line)?.[1];
  return interpreter !== undefined && isBinary(startOf(interpreter));
}

function isBinary(start: Uint8Array): boolean {
  return ELF.every((byte, i) => byte === start[i]);
}

/** The start of a file; the interpreter of a script is named there. */
function startOf(path: string): Uint8Array {
  try {
    using file = Deno.openSync(path);
    const start = new Uint8Array(MAX_SHEBANG);
    return start.subarray(0, file.readSync(start) ?? 0);
  } catch {
    return new Uint8Array();
  }
}
