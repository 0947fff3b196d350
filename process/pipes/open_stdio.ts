/** Opening the sources and targets of a program's streams. @module */
import type { SpawnSettings } from "../spawn/settings.ts";
import { STDOUT } from "../stdio.ts";
import { type InputChunks, openInput } from "./input.ts";
import type { OpenTarget } from "./open_target.ts";
import { openFile, type OutputTargets } from "./output_targets.ts";

/** The open source and targets of a program's streams. */
export interface OpenStdio {
  readonly input: InputChunks | undefined;
  stdout: readonly OpenTarget[];
  stderr: readonly OpenTarget[];
}

/**
 * Opens the sources and targets, before the program is started.
 *
 * @throws {Deno.errors.NotFound} There is no such file.
 */
export function openStdio(
  { stdin, stdinFile, stdout, stderr }: SpawnSettings,
  targets: OutputTargets,
): OpenStdio {
  // The program opens these files itself: they are opened here to check that.
  if (stdinFile !== undefined) Deno.openSync(stdinFile).close();
  for (const output of [stdout, stderr]) {
    if (output === STDOUT || output.ownFile === undefined) continue;
    openFile(output.ownFile).close();
  }
  const input = typeof stdin === "string" ? undefined : openInput(stdin);
  const opened: OpenStdio = { input, stdout: [], stderr: [] };
  try {
    opened.stdout = targets.open(stdout.targets);
    if (stderr !== STDOUT) opened.stderr = targets.open(stderr.targets);
    return opened;
  } catch (error) {
    abandon(opened);
    throw error;
  }
}

/** Releases everything, as no program was started. */
export function abandon({ input, stdout, stderr }: OpenStdio): void {
  input?.release();
  for (const target of [...stdout, ...stderr]) target.close();
}
