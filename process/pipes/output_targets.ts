/** Where this program hands the output of another on to. @module */
import {
  absolute,
  type HandedOn,
  type OutputFile,
} from "../spawn/output_settings.ts";
import { FileTarget } from "./file_target.ts";

/** An open target. */
export interface OpenTarget {
  /** Whether it may keep or change the bytes that it gets. */
  readonly keepsBytes: boolean;
  /** Resolves when it would take more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when it has got everything. */
  close(): Promise<void>;
  /** Leaves it as it was: nothing was written. */
  release(): void;
}

/**
 * Opens the targets of one or several programs. The same stream or file is
 * opened once, and closed when all that have opened it have closed it.
 */
export class OutputTargets {
  readonly #shared = new Map<unknown, SharedTarget>();
  #isUsed = false;

  /** @throws {Deno.errors.NotFound} There is no such directory. */
  open(targets: readonly HandedOn[]): OpenTarget[] {
    const opened: OpenTarget[] = [];
    try {
      for (const target of targets) opened.push(this.#open(target));
      return opened;
    } catch (error) {
      for (const target of opened) target.close();
      throw error;
    }
  }

  #open(target: HandedOn): OpenTarget {
    const key = "file" in target ? absolute(target.file) : target;
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = new SharedTarget(openTarget(target));
      this.#shared.set(key, shared);
    }
    shared.users++;
    return shared;
  }

  /** Notes that a program was started, which may write. */
  used(): void {
    this.#isUsed = true;
  }

  /** Notes that nothing more is opened. */
  [Symbol.dispose](): void {
    for (const shared of this.#shared.values()) {
      if (this.#isUsed) shared.close().catch(() => {}); // its users see that
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

function openTarget(target: HandedOn): OpenTarget {
  if ("file" in target) {
    return new FileTarget(openFile(target));
  }
  if (target instanceof WritableStream) return new StreamTarget(target);
  return "keepsBytes" in target ? target : new FileTarget(target);
}

/** A target with several users. The last one closes it. */
class SharedTarget implements OpenTarget {
  /** The list that it was opened by is one. */
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

class StreamTarget implements OpenTarget {
  readonly keepsBytes = true;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {}); // `ready` and `close` say so
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.ready;
    this.#writer.write(bytes).catch(() => {}); // so does the next `ready`
    await this.#writer.ready;
  }

  async close(): Promise<void> {
    await this.#writer.ready; // rejects with the error of the stream, if it has one
    await this.#writer.close();
  }

  release(): void {
    this.#writer.releaseLock();
  }
}
