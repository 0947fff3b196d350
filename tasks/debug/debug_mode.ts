/**
 * Debug mode: notes the lines of the user's code where waits were begun and
 * tasks were made, and reports probable mistakes.
 *
 * @module
 */
import { quoted } from "../kernel/watch/safe_text.ts";
import { heldBy, leaked, leftoversOf } from "../kernel/context/leak_checks.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import {
  observe,
  type ObservedCall,
  type ObservedWait,
  Observer,
} from "../kernel/watch/observer.ts";
import {
  captureStack,
  madeAt,
  noteMade,
  userFrame,
} from "../kernel/watch/user_frame.ts";
import { FutureWaiter } from "../kernel/wait/future_waiter.ts";
import { scopeOf, type Task } from "../task.ts";
import { beginStep, closeStep, endStep, type Step } from "./_slow_steps.ts";

/** Functions that end debug mode, for the loops that are in it. */
const stops = new WeakMap<Loop, () => void>();

/** Turns debug mode of `loop` on or off. */
export function setDebug(loop: Loop, on: boolean): void {
  loop.debug = Boolean(on);
  const stop = stops.get(loop);
  if (!on) {
    stop?.();
    stops.delete(loop);
  } else if (stop === undefined) {
    stops.set(loop, observe(loop, new DebugObserver(loop)));
  }
}

/** A task, as far as a report names it. */
interface Named {
  readonly name: string;
}

class DebugObserver extends Observer {
  readonly #loop: Loop;

  constructor(loop: Loop) {
    super();
    this.#loop = loop;
  }

  override waits(wait: ObservedWait): void {
    wait.since = this.#loop.clock.now();
    wait.where = captureStack();
    const { task } = wait.scope;
    if (task !== undefined) endStep(task, wait.where, this.#ran);
  }

  override resumes({ scope: { task }, where }: ObservedWait): void {
    if (task === undefined) return;
    queueMicrotask(() => beginStep(task, where, this.#ran));
  }

  override made(task: object): void {
    noteMade(task);
  }

  override started(task: object): void {
    beginStep(task, undefined, this.#ran);
  }

  override ended(task: object): void {
    endStep(task, undefined, this.#ran);
    for (const { what, where } of heldBy(task)) {
      const taken = at(" that it took at", where);
      const name = nameOf(task);
      this.#report(
        `${name} has ended, and still holds a ${what}${taken}`,
        task,
      );
    }
    for (const wait of scopeOf(task as Task<unknown>).waits) {
      // Not awaiting `task.catch(...)` is no mistake.
      if (wait instanceof FutureWaiter) continue;
      const { what, where } = wait as unknown as ObservedWait;
      const begun = at(" that it began at", where);
      this.#report(
        `${
          nameOf(task)
        } has ended, and a wait${begun} goes on: ${what}. Is an await missing?`,
        task,
      );
    }
  }

  override called({ name, frame: where, start, took }: ObservedCall): void {
    closeStep(start);
    const handedOver = at(" (handed over at", where, ")");
    this.#checkTime(`Callback ${name}${handedOver} took`, took, "");
  }

  override ending(): void {
    for (const { task: owner } of this.#loop.tasks) {
      const task = owner as Named;
      const made = at(" (made at", madeAt(task), ")");
      this.#report(
        `At the end of the run ${nameOf(task)}${made} is left`,
        task,
      );
    }
    for (const resource of leaked(this.#loop.resources)) {
      const { name } = resource.constructor;
      this.#report(`At the end of the run a ${name} is left open`);
    }
    for (const message of leftoversOf(this.#loop)) this.#report(message);
  }

  #ran = ({ task, took, from, to }: Step): void => {
    const began = from === undefined
      ? at(", made at", madeAt(task))
      : at(", from", from);
    this.#checkTime(`${nameOf(task)} took`, took, began + at(", to", to), task);
  };

  #checkTime(what: string, took: number, where: string, task?: object): void {
    const { slowCallbackDuration: limit } = this.#loop;
    if (took <= limit) return;
    const time = `${
      took.toFixed(0)
    } ms without a wait, longer than ${limit} ms`;
    this.#report(`${what} ${time}${where}`, task);
  }

  #report(message: string, task?: object): void {
    if (!this.#loop.debug) return; // it has been turned off meanwhile
    this.#loop.report(
      task === undefined ? { message } : { message, task },
    );
  }
}

function nameOf(task: object): string {
  return `task ${quoted((task as Named).name)}`;
}

/** Returns the user's line between two texts, or `""` if it is not known. */
function at(
  before: string,
  place: Error | string | undefined,
  after = "",
): string {
  const frame = typeof place === "string" ? place : userFrame(place);
  return frame === undefined ? "" : `${before} ${frame}${after}`;
}
