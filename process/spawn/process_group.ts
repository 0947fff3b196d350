/**
 * Making a group that a child leads.
 *
 * The option `detached` of the runtime copies the page tables of this program: that
 * takes a few milliseconds in a small program, 20 and more in one of some hundred
 * megabytes, and nothing else runs meanwhile. If the system has the program
 * `setsid`, that is started instead: it makes the group and then becomes the
 * program, which takes half a millisecond, whatever the size of this program. Most
 * of the time is for loading its libraries, so other helpers are not faster.
 *
 * @module
 */
import { findProgram } from "./find_program.ts";
import { isGranted } from "../../tasks/kernel/permissions.ts";
import { nodeFs } from "./node_fs.ts";
import type { Program } from "./program.ts";
import type { SpawnSettings } from "./settings.ts";

const ELF = [0x7f, 0x45, 0x4c, 0x46];
/** Bytes of a script in which the kernel looks for its interpreter. */
const MAX_SHEBANG = 256;

let setsid: string | undefined;
let looked = false;

/** Adds what makes `program` lead a group, if the settings say so. */
export function inGroup(program: Program, settings: SpawnSettings): Program {
  // The runtime kills its children when it ends, but not those that it has
  // detached.
  if (settings.detached) return { ...program, detached: true };
  if (!settings.group) return program;
  const path = findSetsid() &&
    (program.path ?? findProgram(program.program, settings));
  // For a file that is no program, the error of the runtime is the better one.
  if (path === undefined || !canBeExecuted(path)) {
    return { ...program, detached: true };
  }
  return { ...program, program: setsid!, args: [path, ...program.args] };
}

/** The path of `setsid`; `undefined` if it is not there or cannot be looked for. */
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
 * Whether the file is a binary, or a script with an interpreter that is one, which
 * this user may execute.
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

/**
 * Reads the beginning of a file, which names the interpreter of a script. Empty for
 * a file that this user may not read or execute.
 */
function startOf(path: string): Uint8Array {
  try {
    checkExecutable(path);
    using file = Deno.openSync(path);
    const start = new Uint8Array(MAX_SHEBANG);
    return start.subarray(0, file.readSync(start) ?? 0);
  } catch {
    return new Uint8Array();
  }
}

/** Does nothing without the permission to know who this user is. */
function checkExecutable(path: string): void {
  if (!isGranted({ name: "sys", kind: "uid" })) return;
  const { accessSync, constants } = nodeFs();
  accessSync(path, constants.X_OK);
}
