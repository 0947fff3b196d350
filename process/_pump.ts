/** Moves the output of one program into the input of the next. @module */
import { detached } from "../tasks/kernel/context/detached.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { Child } from "./_child.ts";

/** Bytes of a read. */
const CHUNK = 65536;

/**
 * Moves bytes from one program to another, no faster than that reads them. If `to`
 * stops reading, writes of `from` fail. If `to` has ended, `from` is ended after
 * `killAfter` milliseconds.
 */
export function pump(from: Child, to: Child, killAfter: number): void {
  const { loop } = currentScope();
  detached(() => {
    const pumping = new Pump(from, to);
    pumping.flow();
    pumping.endWithReader(killAfter).catch((error) =>
      loop.report({ message: "A program cannot be ended", error })
    );
  });
}

class Pump {
  readonly #from: Child;
  readonly #to: Child;
  /** Whether `from` has closed its output itself: then it may run on. */
  #ended = false;

  constructor(from: Child, to: Child) {
    this.#from = from;
    this.#to = to;
  }

  async flow(): Promise<void> {
    const stdout = this.#from.pipes.stdout!;
    const stdin = this.#to.pipes.stdin!;
    try {
      while (true) {
        const bytes = await stdout.read(CHUNK);
        if (bytes.length === 0) break;
        stdin.write(bytes);
        await stdin.drain();
      }
      this.#ended = true;
      stdin.close();
    } catch {
      // `to` reads no more.
    } finally {
      this.#from.pipes.closeStdout();
    }
  }

  async endWithReader(killAfter: number): Promise<void> {
    await this.#to.exit.within(Infinity);
    if (this.#ended) return;
    const { exit, pipes } = this.#from;
    pipes.closeStdout();
    if (!await exit.within(killAfter)) await this.#from.dispose();
  }
}
