/** @module */
import { nodeFs } from "../spawn/node_fs.ts";
import { canReadProc } from "../spawn/permissions.ts";

/** How many bytes of outdated notes the journal may hold. */
const MAX_OLD_NOTES = 1 << 16;

/**
 * The entries of the watchdog, in a file that it reads when this program has ended.
 * A note is written synchronously, and wakes no process.
 */
export class Journal {
  readonly path: string;
  readonly #fs = nodeFs();
  readonly #entries: ReadonlyMap<number, string>;
  readonly #fd: number;
  #size = 0;
  #maxSize = MAX_OLD_NOTES;

  /**
   * Makes a journal. Returns `undefined` if the permissions or the system do not
   * allow it, or if `lifelineTo` could not open the pipe of the watchdog.
   *
   * @param entries All entries, now and later.
   */
  static create(entries: ReadonlyMap<number, string>): Journal | undefined {
    if (!canReadProc()) return undefined;
    try {
      return new Journal(entries);
    } catch {
      return undefined;
    }
  }

  private constructor(entries: ReadonlyMap<number, string>) {
    this.#entries = entries;
    this.path = Deno.makeTempFileSync({ prefix: "asyncio-" });
    try {
      this.#fd = this.#fs.openSync(this.path, "a");
    } catch (error) {
      Deno.removeSync(this.path);
      throw error;
    }
    this.#append([...entries.values()]);
  }

  note(line: string): void {
    if (this.#size < this.#maxSize) return this.#append([line]);
    this.#fs.ftruncateSync(this.#fd, 0);
    this.#size = 0;
    this.#append([...this.#entries.values()]);
    this.#maxSize = 4 * this.#size + MAX_OLD_NOTES;
  }

  /** Empties the journal; the watchdog removes it. */
  abandon(): void {
    this.#fs.ftruncateSync(this.#fd, 0);
    this.#fs.closeSync(this.#fd);
  }

  /** Removes the journal, as no watchdog was started. */
  remove(): void {
    this.#fs.closeSync(this.#fd);
    Deno.removeSync(this.path);
  }

  #append(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    if (text === "") return;
    this.#fs.writeSync(this.#fd, text);
    this.#size += text.length;
  }
}
