/** The errors of the streams, each named by its class. @module */
import { givePartial } from "./buffer/partial.ts";

/**
 * The stream ended before what was asked for was complete. Mirrors
 * `asyncio.IncompleteReadError`.
 *
 * @example
 * ```ts
 * import { IncompleteReadError, StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const reader = new StreamReader();
 * reader.feedData(new Uint8Array([1, 2]));
 * reader.feedEof();
 * const error = await assertRejects(
 *   () => reader.readExactly(4),
 *   IncompleteReadError,
 * );
 * assertEquals(error.partial, new Uint8Array([1, 2]));
 * assertEquals(error.expected, 4);
 * ```
 */
export class IncompleteReadError extends Error {
  /** `"IncompleteReadError"` */
  override name = "IncompleteReadError";
  /** The bytes that were there: they are no longer in the reader. */
  declare readonly partial: Uint8Array;
  /** How many bytes were asked for; `undefined` where a separator was. */
  readonly expected: number | undefined;

  /**
   * Made by {@linkcode StreamReader.readExactly} and {@linkcode
   * StreamReader.readUntil}.
   */
  constructor(partial: Uint8Array, expected: number | undefined) {
    super(
      `Cannot read ${
        expected === undefined ? "up to a separator" : `${expected} bytes`
      }: the stream ended after ${partial.length} bytes`,
    );
    givePartial(this, partial);
    this.expected = expected;
  }
}

/**
 * There is no separator within the limit of the reader. Mirrors
 * `asyncio.LimitOverrunError`.
 *
 * @example
 * ```ts
 * import { LimitOverrunError, StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const reader = new StreamReader({ limit: 4 });
 * reader.feedData(new TextEncoder().encode("far too long;"));
 * const error = await assertRejects(
 *   () => reader.readUntil(";"),
 *   LimitOverrunError,
 * );
 * assertEquals(error.consumed, 12);
 * await reader.readExactly(error.consumed); // skips it
 * ```
 */
export class LimitOverrunError extends Error {
  /** `"LimitOverrunError"` */
  override name = "LimitOverrunError";
  /** How many bytes can be taken without touching the separator. */
  readonly consumed: number;

  /**
   * Made by {@linkcode StreamReader.readUntil} and {@linkcode
   * StreamReader.readLine}.
   */
  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}
