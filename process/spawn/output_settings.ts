/** The checked target of an output. @module */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "../../tasks/kernel/types.ts";
import type { OpenTarget } from "../pipes/open_target.ts";
import {
  DEVNULL,
  INHERIT,
  type OutputTarget,
  PIPE,
  type Stdio,
  STDOUT,
} from "../stdio.ts";

/** The targets of an output. */
export interface OutputSettings {
  /** The stream that the program gets: a pipe, if this program reads it. */
  readonly stdio: Stdio;
  /** Whether there is a reader. */
  readonly isRead: boolean;
  /** The targets to which this program writes the output. */
  readonly targets: readonly Target[];
  /** The file that the program writes itself. */
  readonly ownFile?: { readonly file: string; readonly append: boolean };
}

/** A target to which this program writes the output of another. */
export type Target =
  | StandardOutput
  | WritableStream<Uint8Array<ArrayBuffer>>
  | OutputFile
  | OpenTarget;

/** An output of this program. */
export type StandardOutput = typeof Deno.stdout | typeof Deno.stderr;

/** A file as a target. */
export interface OutputFile {
  readonly file: string | URL;
  readonly append?: boolean | undefined;
}

type OutputName = "stdout" | "stderr";

const STDIO: readonly unknown[] = [PIPE, DEVNULL, INHERIT];

/**
 * @param detached Whether the program outlives this one, and so writes a file
 * itself.
 * @throws {TypeError} The option is not valid.
 */
export function outputSettings(
  name: OutputName,
  option: OutputTarget | readonly OutputTarget[],
  detached: boolean,
): OutputSettings {
  const list = Array.isArray(option) ? option : [option];
  if (list.length === 0) throw wrongOutput(name, "an empty list");
  for (const target of list) checkTarget(name, target);
  const isRead = list.includes(PIPE);
  const targets = [
    ...new Set(
      list.filter((it) => it !== PIPE && it !== DEVNULL)
        .map((it) => standardOutput(name, it) ?? it as Target),
    ),
  ];
  const [target] = targets;
  if (target === undefined) {
    return { stdio: isRead ? PIPE : DEVNULL, isRead, targets };
  }
  if (targets.length === 1 && !isRead) {
    if (target === Deno[name]) return { stdio: INHERIT, isRead, targets: [] };
    if (detached && "file" in target && Deno.build.os !== "windows") {
      const ownFile = { file: absolute(target.file), append: !!target.append };
      return { stdio: DEVNULL, isRead, targets: [], ownFile };
    }
  }
  return { stdio: PIPE, isRead, targets };
}

/** The absolute path of a file; relative ones are in the directory of this program. */
export function absolute(file: string | URL): string {
  return resolve(file instanceof URL ? fileURLToPath(file) : file);
}

/**
 * Returns the output of this program that a target is, if it is one: that is not
 * closed, as other streams are.
 */
function standardOutput(
  name: OutputName,
  target: unknown,
): StandardOutput | undefined {
  if (target === INHERIT) return Deno[name];
  if (!(target instanceof WritableStream)) return undefined;
  return [Deno.stdout, Deno.stderr].find((it) => it.writable === target);
}

function checkTarget(name: OutputName, target: unknown): void {
  if (STDIO.includes(target) || isFile(target)) return;
  if (!(target instanceof WritableStream)) {
    throw wrongOutput(name, describe(target));
  }
  if (!target.locked || standardOutput(name, target)) return;
  throw new TypeError(
    `Cannot start a program: ${name} is a stream that is locked`,
  );
}

/** Whether `value` is a file. */
export function isFile(value: unknown): value is { file: string | URL } {
  if (typeof value !== "object" || value === null) return false;
  const { file } = value as { file?: unknown };
  return typeof file === "string" || file instanceof URL;
}

function wrongOutput(name: OutputName, received: string): TypeError {
  const words = [...STDIO, ...(name === "stderr" ? [STDOUT] : [])];
  return new TypeError(
    `Cannot start a program: ${name} is one of ${
      words.map(describe).join(", ")
    }, a WritableStream, { file, append }, or a list of these, received ${received}`,
  );
}
