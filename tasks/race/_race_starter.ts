/** @module */
import type { Branch } from "./_branch.ts";
import { RaceScope } from "./_race_scope.ts";
import { Stagger } from "./_stagger.ts";
import { completionOf, Future } from "../future.ts";
import type { CancelScope } from "../kernel/cancel/cancel_scope.ts";
import type { Dispenser } from "../kernel/cancel/contest.ts";
import type { HandedWait } from "../kernel/cancel/scoped_wait.ts";
import { lastReady } from "../kernel/wait/checkpoint.ts";

/** A race, as that which starts its branches sees it. */
export interface Starting {
  /** Where it was begun. */
  readonly scope: CancelScope;
  /** Whether a branch may still decide. */
  readonly isOpen: boolean;
  /** Whether it was taken out of the task. */
  readonly isDetached: boolean;
  /** Whether its promise has become a future. */
  readonly isHandedOver: boolean;
  /** A branch begins. */
  begins(): void;
  claim(branch: Branch, failed: boolean): boolean;
  decided(branch: Branch): void;
  behind(promise: unknown): HandedWait | undefined;
  /** Gives up all branches if a cancel has come from outside. */
  takeCancel(): boolean;
  checkOver(): void;
}

const settled = Promise.resolve();

/**
 * Starts the branches of a race, in the order of the list: follows promises, and
 * calls functions, in scopes of their own, until one has ended.
 */
export class Starter {
  readonly #race: Starting;
  /** All, but functions that will not be called. */
  readonly #branches: Branch[];
  readonly #stagger: Stagger | undefined;
  /** How many have begun. */
  #begun = 0;
  #isStarting = false;
  /** Whether one that has begun may have ended, which cannot be seen yet. */
  #mayHaveEnded = false;
  /** The last of the scopes. */
  #scope: RaceScope | undefined = undefined;

  constructor(race: Starting, branches: Branch[], stagger?: number) {
    this.#race = race;
    this.#branches = branches;
    this.#stagger = stagger === undefined
      ? undefined
      : new Stagger(race.scope.loop, stagger);
    // What is under way decides before anything is started later.
    if (stagger !== undefined) this.#putPromisesFirst();
  }

  /** Whether more branches may begin. */
  get isBusy(): boolean {
    return this.#isStarting ||
      (this.#race.isOpen && this.#begun < this.#branches.length);
  }

  /** Starts the branches that have not been started, as far as they may. */
  start(): void {
    const race = this.#race;
    this.#isStarting = true;
    while (race.isOpen && this.#begun < this.#branches.length) {
      if (this.#begun > 0 && race.takeCancel()) break;
      if (!this.#next!.isFunction) this.#startPromise();
      else if (this.#mayHaveEnded) {
        this.#look();
        break;
      } else if (this.#stagger?.isTooEarly) {
        this.#stagger.pause(() => this.start());
        break;
      } else this.#startFunctions();
    }
    this.#isStarting = false;
    race.checkOver();
  }

  /**
   * Starts the functions that are left after the end of those that have begun is
   * seen, if they have ended. What was handed over is under way: it may not happen
   * meanwhile, and be seen by none.
   */
  #look(): void {
    this.#putPromisesFirst();
    while (this.#next?.isFunction === false) this.#startPromise();
    this.#mayHaveEnded = false;
    settled.then(() => this.start());
  }

  get hasNextFunction(): boolean {
    return this.#race.isOpen && this.#stagger === undefined &&
      this.#begun < this.#branches.length && this.#next!.isFunction;
  }

  /** Begins the next branch. */
  begin(): Branch {
    this.#race.begins();
    return this.#branches[this.#begun++]!;
  }

  /** `branch` ends as `result` does. */
  follow(branch: Branch, result: PromiseLike<unknown>): void {
    if (!this.#mayHaveEnded && result instanceof Future && result.done) {
      const { state, value, error } = completionOf(result);
      if (state === "done") branch.settle(false, value);
      else branch.settle(true, error);
      return;
    }
    const { scope } = this.#race;
    if (branch.follow(result, branch.scope ?? scope)) {
      this.#decide(branch, lastReady.failed);
    } else if (branch.isOpaque && scope.loop.isSettling(result)) {
      this.#decide(branch, false);
    }
  }

  behind(promise: unknown): HandedWait | undefined {
    return this.#race.behind(promise);
  }

  /** See {@linkcode Contest.givesWay}. */
  givesWay(dispenser: Dispenser): boolean {
    return this.#scope !== undefined && this.#scope.givesWay(dispenser);
  }

  /** The last branch that has begun has failed. */
  failed(branch: Branch): void {
    if (branch === this.#last) this.#stagger?.failed();
  }

  /**
   * No function starts any more. What was handed over as a promise is under way,
   * and is given up, too.
   */
  stop(): void {
    this.#stagger?.endPause();
    if (this.#begun === this.#branches.length) return;
    this.#putPromisesFirst();
    const isStarting = this.#isStarting;
    this.#isStarting = true;
    while (this.#next?.isFunction === false) this.#startPromise();
    this.#branches.length = this.#begun;
    this.#isStarting = isStarting;
  }

  /** Takes the functions out of the task. */
  detach(): void {
    for (let it = this.#scope; it !== undefined; it = it.before) it.detach();
  }

  /** The race has become a future: see {@linkcode HandedWait.handOver}. */
  handOver(): void {
    for (let it = this.#scope; it !== undefined; it = it.before) it.handOver();
  }

  /** All have ended. */
  close(): void {
    for (let it = this.#scope; it !== undefined; it = it.before) it.close();
  }

  get #next(): Branch | undefined {
    return this.#branches[this.#begun];
  }

  get #last(): Branch {
    return this.#branches[this.#begun - 1]!;
  }

  #putPromisesFirst(): void {
    const rest = this.#branches.splice(this.#begun);
    rest.sort((a, b) => Number(a.isFunction) - Number(b.isFunction));
    this.#branches.push(...rest);
  }

  #startPromise(): void {
    const branch = this.begin();
    this.follow(branch, branch.work as PromiseLike<unknown>);
    if (branch.isOpaque) this.#mayHaveEnded = true;
    if (branch.isFound || branch.hasEnded || this.#scope !== undefined) return;
    this.#openScope(); // or nothing leads from the task to the race
  }

  #startFunctions(): void {
    this.#stagger?.started();
    const scope = this.#openScope();
    scope.call();
    this.#mayHaveEnded = this.#last.isOpaque && !scope.hasOwnWaits;
  }

  #openScope(): RaceScope {
    const scope = new RaceScope(this, this.#race.scope, this.#scope);
    if (this.#race.isDetached) scope.detach();
    if (this.#race.isHandedOver) scope.handOver();
    return this.#scope = scope;
  }

  #decide(branch: Branch, failed: boolean): void {
    if (this.#race.claim(branch, failed)) this.#race.decided(branch);
  }
}
