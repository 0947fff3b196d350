/** The targets to which this program writes the output of others. @module */
import {
  absolute,
  type OutputFile,
  type Target,
} from "../spawn/output_settings.ts";
import { FileTarget } from "./file_target.ts";
import type { OpenTarget } from "./open_target.ts";
import { StreamTarget } from "./stream_target.ts";

/**
 * Opens the targets of one or several programs. The same stream or file is opened
 * once, and closed when all its users have closed it.
 */
export class OutputTargets {
  readonly #shared = new Map<unknown, SharedTarget>();
  #isUsed = false;

  /** @throws {Deno.errors.NotFound} There is no such directory. */
  open(targets: readonly Target[]): OpenTarget[] {
    const opened: OpenTarget[] = [];
    try {
      for (const target of targets) opened.push(this.#open(target));
      return opened;
    } catch (error) {
      for (const target of opened) target.close();
      throw error;
    }
  }

  #open(target: Target): OpenTarget {
    const key = "file" in target ? absolute(target.file) : target;
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = new SharedTarget(openTarget(target));
      this.#shared.set(key, shared);
    }
    shared.users++;
    return shared;
  }

  /** Notes that a program was started, so that targets are closed, not released. */
  used(): void {
    this.#isUsed = true;
  }

  /** Ends the use of the targets by this list itself. */
  [Symbol.dispose](): void {
    for (const shared of this.#shared.values()) {
      if (this.#isUsed) shared.close().catch(() => {}); // its users get the error, too
      else shared.release();
    }
  }
}

/** Opens a file for writing, and empties it unless it is to be appended to. */
export function openFile({ file, append = false }: OutputFile): Deno.FsFile {
  return Deno.openSync(file, {
    create: true,
    ...(append ? { append } : { write: true, truncate: true }),
  });
}

function openTarget(target: Target): OpenTarget {
  if ("file" in target) {
    return new FileTarget(openFile(target));
  }
  if (target instanceof WritableStream) return new StreamTarget(target);
  return "keepsBytes" in target ? target : new FileTarget(target);
}

/** A target with several users. The last one to close it closes the target. */
class SharedTarget implements OpenTarget {
  /** How many users there are: one is the list of targets. */
  users = 1;
  readonly #target: OpenTarget;

  constructor(target: OpenTarget) {
    this.#target = target;
  }

  get keepsBytes(): boolean {
    return this.#target.keepsBytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#target.write(bytes);
  }

  async close(): Promise<void> {
    if (--this.users === 0) await this.#target.close();
  }

  release(): void {
    this.#target.release();
  }
}
