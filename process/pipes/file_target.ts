/** @module */
import type { StandardOutput } from "../spawn/output_settings.ts";
import type { OpenTarget } from "./open_target.ts";

/** How many bytes are gathered while a write is under way. */
const MAX_GATHERED = 1 << 18;

/**
 * A file, or an output of this program, which is not closed. A write of the runtime
 * runs in another thread: bytes that come meanwhile are gathered, and written
 * together.
 */
export class FileTarget implements OpenTarget {
  readonly keepsBytes = false;
  readonly #file: Deno.FsFile | StandardOutput;
  /** The next bytes to write are the first `#size` of these. */
  #gathered = new Uint8Array(MAX_GATHERED);
  #size = 0;
  /** The memory of the write under way, or of the last one. */
  #other: Uint8Array<ArrayBuffer> | undefined = undefined;
  #writing: Promise<void> | undefined = undefined;
  #failure: { error: unknown } | undefined = undefined;

  constructor(file: Deno.FsFile | StandardOutput) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#size === MAX_GATHERED) await this.#writing;
      if (this.#failure !== undefined) throw this.#failure.error;
      const part = bytes.subarray(at, at + MAX_GATHERED - this.#size);
      this.#gathered.set(part, this.#size);
      this.#size += part.length;
      at += part.length;
      this.#writing ??= this.#writeGathered();
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    this.release();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  release(): void {
    if (this.#file instanceof Deno.FsFile) this.#file.close();
  }

  async #writeGathered(): Promise<void> {
    try {
      while (this.#size > 0) {
        const bytes = this.#gathered.subarray(0, this.#size);
        this.#gathered = this.#other ?? new Uint8Array(MAX_GATHERED);
        this.#other = new Uint8Array(bytes.buffer);
        this.#size = 0;
        for (let at = 0; at < bytes.length;) {
          at += await this.#file.write(bytes.subarray(at));
        }
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#writing = undefined;
    }
  }
}
