/**
 * Observers of a running loop: debug mode, a trace, the monitor. A loop without
 * an observer pays for one look at a field.
 *
 * @module
 */

/** A wait, as its observers see it. */
export interface ObservedWait {
  /**
   * What is waited for, in words. Not known yet in {@linkcode Observer.waits}.
   */
  readonly what: string;
  /** The scope in which it was begun, with its task. */
  readonly scope: { readonly task: object | undefined };
  /** When it began, on the loop's clock; for observers to set. */
  since: number | undefined;
  /** The stack where it began; for observers to set. */
  where: Error | undefined;
}

/** A callback that has been called. */
export interface ObservedCall {
  readonly name: string;
  /** The stack where it was handed over, in debug mode. */
  readonly frame: Error | undefined;
  /** When it was called, and for how long it ran: real time, milliseconds. */
  readonly start: number;
  readonly took: number;
}

/** Its methods are called where something happens. They may not throw. */
export class Observer {
  /** A wait begins, in the code that waits. It is still being constructed. */
  waits(_wait: ObservedWait): void {}
  /** A wait has ended, in the code that has ended it. */
  woke(_wait: ObservedWait): void {}
  /** The code that waited resumes next. */
  resumes(_wait: ObservedWait): void {}
  /** A task was made, in its creator's code. */
  made(_task: object): void {}
  /** A task takes its first step. */
  started(_task: object): void {}
  /** A task has ended, in its own code. */
  ended(_task: object): void {}
  /** A callback has been called. */
  called(_call: ObservedCall): void {}
  /** The run is about to end: what it has left is cancelled next. */
  ending(): void {}
}

/** What can be observed: a loop. */
export interface Observed {
  observer: Observer | undefined;
}

const observers = new WeakMap<Observed, Set<Observer>>();
let total = 0;

/** Whether any loop is observed: for code that does not know its loop. */
export function isObserving(): boolean {
  return total > 0;
}

/** Attaches `observer`. The returned function detaches it. */
export function observe(observed: Observed, observer: Observer): () => void {
  let all = observers.get(observed);
  if (all === undefined) observers.set(observed, all = new Set());
  const set = all.add(observer);
  total++;
  observed.observer = composed(set);
  return () => {
    if (!set.delete(observer)) return;
    total--;
    observed.observer = composed(set);
  };
}

function composed(observers: Set<Observer>): Observer | undefined {
  const [first, second] = observers;
  return second === undefined ? first : new ObserverGroup([...observers]);
}

class ObserverGroup extends Observer {
  readonly #all: readonly Observer[];

  constructor(all: readonly Observer[]) {
    super();
    this.#all = all;
  }

  override waits(wait: ObservedWait): void {
    for (const each of this.#all) each.waits(wait);
  }

  override woke(wait: ObservedWait): void {
    for (const each of this.#all) each.woke(wait);
  }

  override resumes(wait: ObservedWait): void {
    for (const each of this.#all) each.resumes(wait);
  }

  override made(task: object): void {
    for (const each of this.#all) each.made(task);
  }

  override started(task: object): void {
    for (const each of this.#all) each.started(task);
  }

  override ended(task: object): void {
    for (const each of this.#all) each.ended(task);
  }

  override called(call: ObservedCall): void {
    for (const each of this.#all) each.called(call);
  }

  override ending(): void {
    for (const each of this.#all) each.ending();
  }
}
