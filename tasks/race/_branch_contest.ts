/** @module */
import { Branch, type Judge } from "./_branch.ts";
import { Starter, type Starting } from "./_race_starter.ts";
import { listen, unlisten } from "../kernel/cancel/abort_listeners.ts";
import type { CancelScope } from "../kernel/cancel/cancel_scope.ts";
import type { Contest, Dispenser } from "../kernel/cancel/contest.ts";
import type { HandedWait } from "../kernel/cancel/scoped_wait.ts";
import { currentScope } from "../kernel/context/current_scope.ts";
import { cancellation, CancelledError } from "../kernel/errors.ts";
import type { Awaitable } from "../kernel/types.ts";

/** Which branch decides. */
export interface Rules {
  /** `"race"` */
  readonly name: string;
  /** Whether a branch that fails decides, too. */
  readonly failureDecides: boolean;
}

export interface RaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many milliseconds functions start after each other. */
  readonly stagger?: number | undefined;
  /** The names of the branches, if the result is to tell which one it was. */
  readonly names?: readonly string[] | undefined;
}

/** The error of a wait that has lost. Only code that has kept its promise sees it. */
export const LOST = new CancelledError("another branch has ended first");

/**
 * Which of several branches happens.
 *
 * A wait claims to happen in the step that wakes it. The first claim decides,
 * and takes the waits of all others out of their places in that step, before any
 * other code runs: so exactly one of them happens. Branches that are more than a
 * wait decide when they have ended.
 *
 * A contest may itself be a branch of another one: its claim has to succeed there,
 * too.
 */
export abstract class BranchContest implements Judge, Starting, HandedWait {
  /** Settles when all have ended. */
  abstract readonly promise: Promise<unknown>;
  /** Where it was begun. */
  readonly scope: CancelScope = currentScope();
  protected readonly rules: Rules;
  protected readonly options: RaceOptions | undefined;
  protected readonly starter: Starter;
  protected winner: Branch | undefined = undefined;
  /** How many have begun and not ended. */
  protected running = 0;
  /** All, but functions that will not be called. */
  readonly #branches: Branch[];
  #isOpen = true;
  #isDecided = false;
  #isDetached = false;
  #isHandedOver = false;
  /** If it is a branch of another one. */
  #contest: Contest | undefined = undefined;

  constructor(
    works: readonly Awaitable<unknown>[],
    rules: Rules,
    options: RaceOptions | undefined,
  ) {
    this.rules = rules;
    this.options = options;
    const branches = this.#branches = new Array<Branch>(works.length);
    for (let i = 0; i < works.length; i++) {
      branches[i] = new Branch(this, works[i]!, i);
    }
    this.starter = new Starter(this, this.#branches, options?.stagger);
  }

  /** Whether a branch may still decide. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it was taken out of the task. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  get isHandedOver(): boolean {
    return this.#isHandedOver;
  }

  begins(): void {
    this.running++;
  }

  claim(branch: Branch, failed: boolean): boolean {
    if (branch === this.winner) return true;
    if (failed && !this.rules.failureDecides && this.#isOpen) return true;
    if (!this.#isOpen || this.#contest?.claim(failed) === false) {
      branch.leave(LOST);
      return false;
    }
    this.winner = branch;
    this.close();
    return true;
  }

  decided(branch: Branch): void {
    if (branch !== this.winner || this.#isDecided) return;
    this.#isDecided = true;
    this.#contest?.decided();
    this.cancelOthers();
  }

  isLost(branch: Branch): boolean {
    return !this.#isOpen && branch !== this.winner;
  }

  givesWay(dispenser: Dispenser): boolean {
    return this.starter.givesWay(dispenser) ||
      (this.#contest?.givesWay(dispenser) ?? false);
  }

  behind(promise: unknown): HandedWait | undefined {
    return this.promise === promise ? this : this.#contest?.behind(promise);
  }

  noteSettling(promises: Set<unknown>): void {
    if (this.winner === undefined) return;
    promises.add(this.promise);
    this.#contest?.noteSettling(promises);
  }

  joinContest(contest: Contest): boolean {
    if (this.#contest !== undefined) return false;
    this.#contest = contest;
    return true;
  }

  /** In words: what the branches wait for. */
  get what(): string {
    const all = this.#branches.map(({ what }) => what);
    return all.filter((what) => what !== undefined).join(", ");
  }

  detach(): void {
    this.#isDetached = true;
    this.starter.detach();
    for (const branch of this.#branches) branch.detach();
  }

  handOver(): void {
    this.#isHandedOver = true;
    this.starter.handOver();
    for (const branch of this.#branches) branch.handOver();
  }

  /** Starts the branches; synchronously, as far as that is possible. */
  protected start(): void {
    const signal = this.options?.signal;
    if (signal !== undefined) listen(signal, this);
    this.starter.start();
  }

  /**
   * No other branch may decide: takes the waits that can be in the way of each
   * other out of their places.
   */
  protected close(error?: CancelledError): void {
    this.#isOpen = false;
    const signal = this.options?.signal;
    if (signal !== undefined) unlisten(signal, this);
    this.starter.stop();
    const { debug } = this.scope.loop;
    const lost = error ??
      (debug ? cancellation({ debug }, LOST.message) : LOST);
    const branches = this.#branches;
    for (let i = branches.length - 1; i >= 0; i--) {
      if (branches[i] !== this.winner) branches[i]!.leave(lost);
    }
  }

  /**
   * Cancels what is left of all but the winner; foreign code may be called.
   *
   * @param error The cancel that has come, unless one has won.
   */
  protected cancelOthers(error?: CancelledError): void {
    const branches = this.#branches;
    for (let i = 0; i < branches.length; i++) { // an iterator costs each race
      const branch = branches[i]!;
      if (branch === this.winner || branch.isGone) continue;
      error ??= cancellation(this.scope.loop, LOST.message);
      branch.giveUp(error, this.winner !== undefined);
    }
  }

  abstract ended(branch: Branch, failed: boolean, outcome: unknown): void;
  /** When the signal aborts. */
  abstract abort(reason: unknown): void;
  abstract abandon(error: CancelledError): void;
  abstract leavePlaces(error: CancelledError): void;
  abstract takeCancel(): boolean;
  abstract checkOver(): void;
}
