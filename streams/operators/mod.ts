/**
 * Operators for async iterables: many items at a time, in order, within bounds.
 *
 * | to | the operator |
 * |---|---|
 * | call a function for each item, several at a time | {@linkcode map} |
 * | read several sources as one | {@linkcode merge} |
 * | read several sources side by side | {@linkcode zip} |
 * | read one source several times | {@linkcode tee} |
 * | put items together | {@linkcode chunks} |
 * | slow items down | {@linkcode throttle} |
 * | wait until items calm down | {@linkcode debounce} |
 * | refuse to wait too long for an item | {@linkcode timeoutEach} |
 * | read ahead | {@linkcode buffer} |
 *
 * A source is what `for await` reads: an async iterable, an iterable (promises
 * in it are awaited), or a `ReadableStream`. An operator is an async iterable
 * that is read once; `ReadableStream.from` makes a stream of it.
 *
 * What holds for all of them:
 *
 * - **Lazy.** Nothing is read before the first item is asked for, and then no
 *   more than is asked for, unless the options allow to read ahead.
 * - **Bounded.** They hold no more items than their options say: a slow
 *   consumer slows the source down.
 * - **They end once, and completely.** When a loop is left (`break`, `return`,
 *   an error), the source is closed, running calls are cancelled, and the loop
 *   goes on when all of that has ended. Items that were read ahead are dropped.
 * - **They are cancelled as a wait is.** A cancel of the task, or a timeout
 *   around the loop, ends a waiting `next()` and the operator with it. The
 *   operator's clean-up is not cancelled a second time.
 * - **No error is lost.** The first one is thrown, after the items that came
 *   before it. Those that come later, such as that of a running call that fails
 *   as the loop is left, go to the loop's exception handler. An error of the
 *   source's `return()` is thrown by the `return()` of the operator.
 * - **Concurrent** calls of `next()` are served in order. After the end, all
 *   calls resolve to `{ done: true }`.
 * - The code of the sources and of the functions runs in tasks of the
 *   operator's own, with the context variables of the code that has asked for
 *   the first item. They end, if nothing else ends them, with the `run` that
 *   this code belongs to.
 * - Times are those of the loop's clock: a virtual clock takes no real time. It
 *   also goes on while an operator waits for its source.
 *
 * A source that awaits something else than waits of this package cannot be
 * cancelled there. It has a tenth of a second of real time to close; then the
 * operator ends without it, and the source ends when its promise settles. The same
 * holds for a source whose `return()` does not settle, if the code that waits for
 * it is cancelled or its run ends; if not, it is waited for, as by a generator.
 *
 * @example Lines of a file, four at a time, stored a hundred at a time
 * ```ts
 * import { chunks, map } from "@asyncio/asyncio/streams/operators";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function* readLines() {
 *   for (let n = 1; n <= 250; n++) yield `line ${n}`;
 * }
 * async function parse(line: string) {
 *   await sleep(1);
 *   return Number(line.slice(5));
 * }
 * const stored: number[] = [];
 * const numbers = map(readLines(), parse, { limit: 50 });
 * for await (const chunk of chunks(numbers, { size: 100 })) {
 *   stored.push(chunk.length);
 * }
 * assertEquals(stored, [100, 100, 50]);
 * ```
 *
 * @example In a pipe of Web Streams
 * ```ts
 * import { map } from "@asyncio/asyncio/streams/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = ReadableStream.from(["a", "b"])
 *   .pipeThrough(new TextEncoderStream());
 * const sizes = map(bytes, (chunk) => `${chunk.length} byte\n`);
 * const text = ReadableStream.from(sizes).pipeThrough(new TextEncoderStream());
 * assertEquals(await new Response(text).text(), "1 byte\n1 byte\n");
 * ```
 *
 * @module
 */
export { buffer } from "./buffer.ts";
export { chunks } from "./chunks.ts";
export { debounce } from "./debounce.ts";
export { map } from "./map.ts";
export { merge } from "./merge.ts";
export { tee } from "./tee.ts";
export { throttle } from "./throttle.ts";
export { timeoutEach } from "./timeout_each.ts";
export { zip } from "./zip.ts";
