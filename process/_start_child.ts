/** Starting a program as a {@linkcode Child}. @module */
import { Child } from "./_child.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { describe } from "../tasks/kernel/types.ts";
import { abandon, type OpenStdio, openStdio } from "./pipes/open_stdio.ts";
import type { OutputTargets } from "./pipes/output_targets.ts";
import { launchWatchdog } from "./signals/watchdog.ts";
import { pathOf, type Program } from "./spawn/program.ts";
import type { SpawnSettings } from "./spawn/settings.ts";
import { spawn } from "./spawn/spawn.ts";

/**
 * Starts `program`. It leads its group a moment later. If the start fails, nothing
 * is left open.
 */
export function startChild(
  program: Program,
  settings: SpawnSettings,
  targets: OutputTargets,
): Child {
  currentScope().loop.checkOpen("start a program");
  const stdio = openStdio(settings, targets);
  if (!settings.detached) launchWatchdog();
  const child = spawnWith(stdio, program, settings);
  targets.used();
  return new Child(child, settings, stdio);
}

function spawnWith(
  stdio: OpenStdio,
  program: Program,
  settings: SpawnSettings,
): Deno.ChildProcess {
  try {
    return spawn(program, settings);
  } catch (error) {
    abandon(stdio);
    throw error;
  }
}

/** @throws {TypeError} `program` or `args` is not valid. */
export function programOf(program: unknown, args: unknown = []): Program {
  if (typeof program !== "string" && !(program instanceof URL)) {
    throw new TypeError(
      `Cannot start a program: expected a path, received ${describe(program)}`,
    );
  }
  if (!Array.isArray(args)) {
    throw new TypeError(
      `Cannot start a program: its arguments are a list of strings, received ${
        describe(args)
      }`,
    );
  }
  for (const arg of args) {
    if (typeof arg !== "string") {
      throw new TypeError(
        `Cannot start a program: an argument is a string, received ${
          describe(arg)
        }`,
      );
    }
    if (arg.includes("\0")) {
      throw new TypeError(
        "Cannot start a program: an argument has no NUL in it, received one that does",
      );
    }
  }
  const path = pathOf(program);
  if (path.includes("\0")) {
    throw new TypeError(
      "Cannot start a program: its path has no NUL in it, received one that does",
    );
  }
  return { program: path, args: [...args] };
}
