/** @module */
import { BlockScope } from "../kernel/cancel/block_scope.ts";
import type { Dispenser } from "../kernel/cancel/contest.ts";
import type { HandedWait } from "../kernel/cancel/scoped_wait.ts";
import {
  currentVariables,
  runInScope,
} from "../kernel/context/current_scope.ts";
import { type Coroutine, isThenable } from "../kernel/types.ts";
import type { CancelScope } from "../kernel/cancel/cancel_scope.ts";
import { lastReady } from "../kernel/wait/checkpoint.ts";
import type { Branch } from "./_branch.ts";

let callAll!: (scope: RaceScope) => void;

/** The race, as its scopes see it. */
export interface Caller {
  /** Whether the next function may be called together with the one before. */
  readonly hasNextFunction: boolean;
  /** Begins the branch of the next function. */
  begin(): Branch;
  /** `branch` ends as `result` does. */
  follow(branch: Branch, result: PromiseLike<unknown>): void;
  /** What is behind `promise`, if that is the promise of the race. */
  behind(promise: unknown): HandedWait | undefined;
}

/**
 * The scope in which functions of a race are called: as many as are nothing but a
 * wait share one with the first that is more, as a context of its own is most of
 * what a function costs.
 */
export class RaceScope extends BlockScope {
  readonly #race: Caller;
  /** The one that was opened before it. */
  readonly before: RaceScope | undefined;
  /** How many of its functions were nothing but a wait. */
  #plain = 0;
  #isCalling = false;
  /** They give out what is there when the call has returned. */
  #dispensers: Set<Dispenser> | undefined = undefined;

  constructor(
    race: Caller,
    parent: CancelScope,
    before: RaceScope | undefined,
  ) {
    super(parent, currentVariables());
    this.#race = race;
    this.before = before;
  }

  /** Whether code in it waits, other than in the waits that are branches. */
  get hasOwnWaits(): boolean {
    return this.waits.length > this.#plain;
  }

  override behind(promise: unknown): HandedWait | undefined {
    return this.#race.behind(promise);
  }

  /** Whether a function is being called: then `dispenser` is called afterwards. */
  givesWay(dispenser: Dispenser): boolean {
    if (!this.#isCalling) return false;
    (this.#dispensers ??= new Set()).add(dispenser);
    return true;
  }

  /** Calls functions of the race, until one has more code than a wait. */
  call(): void {
    runInScope(this, callAll, this);
  }

  #callAll(): void {
    do {
      const branch = this.#race.begin();
      branch.scope = this;
      this.#call(branch);
      if (!branch.isPlain || !this.isPlain) return;
      branch.scope = undefined;
      this.#plain++;
    } while (this.#race.hasNextFunction);
  }

  static {
    callAll = (scope) => scope.#callAll();
  }

  #call(branch: Branch): void {
    const { isNoted } = lastReady;
    lastReady.isNoted = true;
    lastReady.promise = undefined;
    this.#isCalling = true;
    try {
      const result = (branch.work as Coroutine<unknown>)();
      if (isThenable(result)) this.#race.follow(branch, result);
      else branch.settle(false, result);
    } catch (error) {
      branch.settle(true, error);
    }
    lastReady.isNoted = isNoted;
    lastReady.promise = undefined;
    this.#isCalling = false;
    if (this.#dispensers !== undefined) this.#dispense(this.#dispensers);
  }

  /** Another branch may happen now, because of what the last one has done. */
  #dispense(dispensers: Set<Dispenser>): void {
    this.#dispensers = undefined;
    for (const dispenser of dispensers) dispenser.dispense();
  }
}
