/** Where the output of one program is the input of the next. @module */
import { detached } from "../tasks/detached.ts";
import { currentScope } from "../tasks/current_scope.ts";
import { partsOf, type Process } from "./process.ts";

/** How much is taken at a time. */
const CHUNK = 65536;

/**
 * Lets the bytes flow from one program to the next, no faster than that reads
 * them. When it reads no more, the first is told so by its next write. When it
 * has ended, and the first has not within `killAfter` milliseconds, the first
 * is ended.
 */
export function join(from: Process, to: Process, killAfter: number): void {
  const { scheduler } = currentScope();
  detached(() => {
    flow(from, to);
    endWith(from, to, killAfter).catch((error) =>
      scheduler.report({ message: "A program cannot be ended", error })
    );
  });
}

async function flow(from: Process, to: Process): Promise<void> {
  try {
    while (true) {
      const bytes = await from.stdout!.read(CHUNK);
      if (bytes.length === 0) break;
      to.stdin!.write(bytes);
      await to.stdin!.drain();
    }
    to.stdin!.close();
  } catch {
    // Nobody reads it any more.
  } finally {
    partsOf(from).pipes.closeStdout();
  }
}

async function endWith(
  from: Process,
  to: Process,
  killAfter: number,
): Promise<void> {
  await partsOf(to).exit.within(Infinity);
  const { exit, pipes } = partsOf(from);
  if (pipes.stdoutClosed) return;
  pipes.closeStdout();
  if (!await exit.within(killAfter)) await from[Symbol.asyncDispose]();
}
