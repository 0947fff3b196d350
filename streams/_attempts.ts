/** The ways of taking bytes out of a buffer: each gives `undefined` while what it wants is not complete. @module */
import type { Intake } from "./_intake.ts";
import { Separators } from "./_separators.ts";
import { SeparatorSearch } from "./_separator_search.ts";
import { IncompleteReadError, LimitOverrunError } from "./errors.ts";

const EMPTY = new Uint8Array(0);
export const NEWLINE: Separators = new Separators("\n");

export class Attempts {
  readonly #intake: Intake;
  readonly #limit: number;
  #search: SeparatorSearch;

  /** @param limit How long a line may be, in bytes. */
  constructor(intake: Intake, limit: number) {
    this.#intake = intake;
    this.#limit = limit;
    this.#search = new SeparatorSearch(NEWLINE, intake.buffer);
  }

  /** Everything up to the end. */
  all = (): Uint8Array | undefined =>
    this.#intake.eof ? this.#intake.buffer.takeAll() : undefined;

  /** At least one byte, at most `n`; none at the end. */
  some(n: number): Uint8Array | undefined {
    const { buffer, eof } = this.#intake;
    const { size } = buffer;
    if (n === 0 || eof && size === 0) return EMPTY;
    return size === 0 ? undefined : buffer.take(Math.min(n, size));
  }

  /** Exactly `n` bytes. */
  exactly(n: number): Uint8Array | undefined {
    const { buffer, eof } = this.#intake;
    if (buffer.size >= n) return buffer.take(n);
    if (!eof) return undefined;
    throw new IncompleteReadError(buffer.takeAll(), n);
  }

  /** What comes before the separator that ends first, and that. */
  until(separators: Separators): Uint8Array | undefined {
    const { buffer, eof } = this.#intake;
    if (!separators.equals(this.#search.separators)) {
      this.#search = new SeparatorSearch(separators, buffer);
    }
    const match = this.#search.next();
    if (match !== undefined) {
      this.#checkLimit(match.start, "the separator comes after");
      return buffer.take(match.end);
    }
    // The separator may have begun at the end.
    const clear = Math.max(0, buffer.size + 1 - separators.longest);
    this.#checkLimit(clear, "there is no separator in the first");
    if (!eof) return undefined;
    throw new IncompleteReadError(buffer.takeAll(), undefined);
  }

  /** A line, or what is left at the end; one that is too long is dropped. */
  line = (): Uint8Array | undefined => {
    try {
      return this.until(NEWLINE);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      if (error instanceof LimitOverrunError) {
        const { buffer } = this.#intake;
        const newline = NEWLINE.lengthAt(buffer, error.consumed);
        buffer.skip(error.consumed + newline);
      }
      throw error;
    }
  };

  #checkLimit(bytes: number, what: string): void {
    if (bytes <= this.#limit) return;
    throw new LimitOverrunError(
      `${what} ${bytes} bytes, the limit of the reader is ${this.#limit}`,
      bytes,
    );
  }
}
