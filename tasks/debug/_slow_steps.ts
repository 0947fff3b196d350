/**
 * How long tasks run without a wait, in debug mode.
 *
 * A step begins when a task starts or resumes after a wait, and ends when the
 * task begins the next wait, or ends. If the task awaits something foreign, the
 * end of the step is not seen: it counts until the next step of any task, or
 * the next turn of the runtime. There is one thread, so there is one step at a
 * time on all loops.
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

/** Called when a step has ended. */
export type StepListener = (step: Step) => void;

interface OpenStep {
  /** The task that runs; `undefined` if only the end of the step will tell. */
  readonly task: object | undefined;
  readonly from: Error | undefined;
  readonly since: number;
  readonly listener: StepListener;
}

let open: OpenStep | undefined;
let isClosePlanned = false;

/** Notes that `task` begins a step, after a wait that was begun at `from`. */
export function beginStep(
  task: object,
  from: Error | undefined,
  listener: StepListener,
): void {
  closeStep(performance.now());
  openStep({ task, from, since: performance.now(), listener });
}

/** Notes that `task` ends its step at `to`. It is not known what runs then. */
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

/**
 * Ends the step that is open, if there is one, as something else began at
 * `when`.
 */
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
