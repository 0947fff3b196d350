/**
 * How long tasks run without a wait, in debug mode.
 *
 * A step begins where a task is started or goes on after a wait, and ends where
 * it begins the next one, or has ended. One that ends in a foreign wait ends
 * unseen: then it lasted until the next step of any task, or the next turn of
 * the runtime. There is one thread, so there is one step at a time, whatever
 * loop it belongs to.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** A step that took long. */
export interface Step {
  readonly task: object;
  readonly took: number;
  /** The stacks where it began and where it has ended, if they are known. */
  readonly from: Error | undefined;
  readonly to: Error | undefined;
}

/** Is told of a step that has ended. */
export type StepListener = (step: Step) => void;

interface OpenStep {
  /** Who runs, unless that is to be seen at its end. */
  readonly task: object | undefined;
  readonly from: Error | undefined;
  readonly since: number;
  readonly listener: StepListener;
}

let open: OpenStep | undefined;
let isClosePlanned = false;

/** A step of `task` begins here; it goes on after its wait at `from`. */
export function beginStep(
  task: object,
  from: Error | undefined,
  listener: StepListener,
): void {
  closeStep(performance.now());
  openStep({ task, from, since: performance.now(), listener });
}

/** The step of `task` ends here, at `to`; who runs then is still unknown. */
export function endStep(
  task: object,
  to: Error | undefined,
  listener: StepListener,
): void {
  const now = performance.now();
  if (open !== undefined) {
    const from = open.task === task ? open.from : undefined;
    listener({ task, took: now - open.since, from, to });
  }
  openStep({
    task: undefined,
    from: undefined,
    since: performance.now(),
    listener,
  });
}

/** Something else began at `when`: a step has ended unseen by then. */
export function closeStep(when: number): void {
  if (open?.task !== undefined) {
    const { task, from, since, listener } = open;
    listener({ task, took: when - since, from, to: undefined });
  }
  open = undefined;
}

function openStep(step: OpenStep): void {
  open = step;
  if (isClosePlanned) return;
  isClosePlanned = true;
  setImmediate(() => {
    isClosePlanned = false;
    closeStep(performance.now());
  });
}
