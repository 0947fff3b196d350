/** @module */
import type { Branch, Judge } from "./_branch.ts";
import { Stagger } from "./_stagger.ts";
import { completionOf, Future } from "./future.ts";
import { listen, unlisten } from "./kernel/cancel/abort_listeners.ts";
import { BlockScope } from "./kernel/cancel/block_scope.ts";
import type { Contest, Dispenser } from "./kernel/cancel/contest.ts";
import {
  currentScope,
  currentVariables,
  runInScope,
} from "./kernel/context/current_scope.ts";
import { allowLeft } from "./kernel/context/leak_checks.ts";
import { cancellation, CancelledError, isCancelled } from "./kernel/errors.ts";
import { type Coroutine, isThenable } from "./kernel/types.ts";
import { pendingCancels } from "./kernel/pending_cancels.ts";
import { lastReady, noteReady } from "./kernel/wait/checkpoint.ts";
import { checkpointOfOwner } from "./kernel/wait/handed_wait.ts";

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

/** What waits reject with that have lost: only who has kept a promise sees it. */
const LOST = new CancelledError("another branch has ended first");

const settled = Promise.resolve();

const NO_OPTIONS: RaceOptions = {};

let startIn!: (race: Race) => void;

/**
 * Branches side by side in one task, of which the first decides. It is the scope
 * of their code.
 *
 * A wait claims to happen in the step that wakes it. The first claim decides,
 * and takes the waits of all others out of their places in that step, before any
 * other code runs: so exactly one of them happens. Branches that are more than a
 * wait decide when they have ended; one that loses is cancelled and waited for.
 *
 * A cancel from outside that comes before the decision goes to all branches.
 */
class Race extends BlockScope implements Judge, AsyncDisposable {
  readonly #rules: Rules;
  readonly #options: RaceOptions;
  #branches: Branch[];
  /** The scopes of functions. */
  #scopes: BlockScope[] | undefined = undefined;
  /** The first branch that has not begun. */
  #next = 0;
  /** The first branch of the last of the scopes. */
  #firstInScope = 0;
  /** How many have begun and not ended. */
  #running = 0;
  #isStarting = false;
  /** Whether a function is being called. */
  #isCalling = false;
  /** Who is to give out what is there when that has returned. */
  #dispensers: Set<Dispenser> | undefined = undefined;
  #stagger: Stagger | undefined = undefined;
  /** Whether a branch may still decide. */
  #isOpen = true;
  #isDecided = false;
  #isOver = false;
  #winner: Branch | undefined = undefined;
  #end: { failed: boolean; outcome: unknown } | undefined = undefined;
  #errors: unknown[] | undefined = undefined;
  #outerCancel: CancelledError | undefined = undefined;
  #aborted: { readonly reason: unknown } | undefined = undefined;
  /** Whether it was left to the run. */
  #isLeft = false;
  #ended: (() => void) | undefined = undefined;
  /** If it is a branch of another one. */
  #contest: Contest | undefined = undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(
    branches: Branch[],
    rules: Rules,
    options: RaceOptions = NO_OPTIONS,
  ) {
    const outer = currentScope();
    super(outer, currentVariables());
    this.#branches = branches;
    this.#rules = rules;
    this.#options = options;
    for (const branch of branches) branch.judge = this;
    // What is under way decides before anything is started later.
    if (options.stagger !== undefined) {
      this.#stagger = new Stagger(this.loop, options.stagger);
      branches.sort((a, b) => Number(a.isFunction) - Number(b.isFunction));
    }
  }

  /** Starts the branches; synchronously, as far as that is possible. */
  run(): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise = promise;
    const { signal } = this.#options;
    if (signal !== undefined) listen(signal, this);
    this.#startRest();
    if (this.#winner !== undefined) {
      noteReady(promise, this.#end?.failed ?? false);
    }
    return promise;
  }

  claim(branch: Branch, failed: boolean): boolean {
    if (branch === this.#winner) return true;
    if (failed && !this.#rules.failureDecides && this.#isOpen) return true;
    if (!this.#isOpen || this.#contest?.claim(failed) === false) {
      branch.leave(LOST);
      return false;
    }
    this.#winner = branch;
    this.#close();
    return true;
  }

  decided(branch: Branch): void {
    if (branch !== this.#winner || this.#isDecided) return;
    this.#isDecided = true;
    this.#contest?.decided();
    this.#cancelOthers();
  }

  givesWay(dispenser: Dispenser): boolean {
    if (!this.#isCalling) return this.#contest?.givesWay(dispenser) ?? false;
    (this.#dispensers ??= new Set()).add(dispenser);
    return true;
  }

  isLost(branch: Branch): boolean {
    return !this.#isOpen && branch !== this.#winner;
  }

  ended(branch: Branch, failed: boolean, outcome: unknown): void {
    if (branch === this.#winner) this.#end = { failed, outcome };
    else this.#judge(branch, failed, outcome);
    branch.scope?.stopWatching();
    this.#running--; // last, as others may end because of it
    this.#checkOver();
  }

  #judge(branch: Branch, failed: boolean, outcome: unknown): void {
    const cancelled = failed && isCancelled(outcome);
    const outer = cancelled ? this.outerCancel : undefined;
    if (outer !== undefined) {
      this.#outerCancel = outer;
      if (this.#isOpen) this.#giveUp(outer);
    } else if (this.#isOpen) {
      if (!failed || this.#rules.failureDecides) {
        if (!this.claim(branch, failed)) return;
        this.#end = { failed, outcome };
        this.decided(branch);
        return;
      }
      (this.#errors ??= [])[branch.index] = outcome;
      if (branch !== this.#branches[this.#next - 1]) return;
      this.#stagger?.failed();
    } else if (!cancelled) this.#judgeLate(branch, failed, outcome);
  }

  /**
   * A branch that was given up has ended by itself. If no other one has, because
   * all were given up, and it was woken before that, it decides.
   */
  #judgeLate(branch: Branch, failed: boolean, outcome: unknown): void {
    const isWanted = this.#winner === undefined && !this.#isLeft &&
      (!failed || this.#rules.failureDecides) &&
      (this.#outerCancel !== undefined || branch.wasAwake);
    if (isWanted) {
      this.#winner = branch;
      this.#end = { failed, outcome };
    } else if (failed) {
      const { task } = this;
      this.loop.report({
        message: `Exception in a branch of ${this.#rules.name} that has lost`,
        error: outcome,
        ...(task !== undefined && { task }),
      });
    }
  }

  /** When the signal aborts. */
  abort(reason: unknown): void {
    if (!this.#isOpen) return;
    this.#aborted = { reason };
    this.#giveUp(cancellation(this.loop, "the signal was aborted"));
    this.#checkOver();
    if (this.#isOver) return;
    const leave = () => this.#leaveToRun(reason);
    this.loop.defer({ run: leave, runsUserCode: false });
  }

  /** When the promise was handed over, and is given up. */
  override abandon(error: CancelledError): void {
    this.promise!.then(undefined, () => {});
    if (this.#winner !== undefined) return;
    this.leavePlaces(error);
    this.#cancelOthers(error);
    this.#checkOver();
  }

  override detach(): void {
    super.detach();
    for (let i = 0; i < this.#next; i++) this.#branches[i]!.detach();
  }

  override joinContest(contest: Contest): boolean {
    if (this.#contest !== undefined) return false;
    this.#contest = contest;
    return true;
  }

  override leavePlaces(error: CancelledError): void {
    if (!this.#isOpen) return;
    this.#outerCancel = error;
    this.#close(error);
  }

  /** For the end of the run, if it was left to that. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#ended = resolve);
  }

  /** Gives up all branches, as a cancel has come or all have failed. */
  #giveUp(error: CancelledError = LOST): void {
    this.#close(error);
    this.#cancelOthers(error);
  }

  /**
   * No other branch may decide: takes the waits that can be in the way of each
   * other out of their places.
   */
  #close(error?: CancelledError): void {
    this.#isOpen = false;
    this.#stagger?.endPause();
    const { signal } = this.#options;
    if (signal !== undefined) unlisten(signal, this);
    this.#takeUpRest();
    const { debug } = this.loop;
    const lost = error ??
      (debug ? cancellation({ debug }, LOST.message) : LOST);
    for (let i = this.#next - 1; i >= 0; i--) {
      const branch = this.#branches[i]!;
      if (branch !== this.#winner) branch.leave(lost);
    }
  }

  /** What was handed over as a promise is under way, and is given up, too. */
  #takeUpRest(): void {
    if (this.#next === this.#branches.length) return;
    const rest = this.#branches.splice(this.#next);
    const handed = rest.filter(({ isFunction }) => !isFunction);
    this.#branches = this.#branches.concat(handed);
    this.#next = this.#branches.length;
    this.#running += handed.length;
    for (const branch of handed) {
      this.#follow(branch, branch.work as PromiseLike<unknown>);
    }
  }

  /**
   * Cancels what is left of all but the winner; foreign code may be called.
   *
   * @param error The cancel that has come, unless one has won.
   */
  #cancelOthers(error?: CancelledError): void {
    for (let i = 0; i < this.#next; i++) {
      const branch = this.#branches[i]!;
      if (branch === this.#winner || branch.isGone) continue;
      error ??= cancellation(this.loop, LOST.message);
      branch.giveUp(error);
    }
  }

  #checkOver(): void {
    if (this.#running > 0 || this.#isStarting || this.#isOver) return;
    if (this.#isOpen && this.#next < this.#branches.length) return;
    this.#isOver = true;
    if (this.#isOpen) this.#giveUp(); // all have failed
    this.close(); // first, so that nothing of it is held by their frames
    if (this.#scopes !== undefined) {
      for (const scope of this.#scopes) scope.close();
    }
    if (this.#isLeft) this.loop.resources.delete(this);
    this.#settle();
    this.#ended?.();
  }

  #settle(): void {
    const end = this.#end;
    const cancel = this.#outerCancel;
    if (end !== undefined) {
      const outer = cancel === undefined ? undefined : this.outerCancel;
      if (outer !== undefined) this.parent!.renew(outer);
      if (end.failed) return this.#fail(end.outcome);
      const { names } = this.#options;
      const value = end.outcome;
      const name = names?.[this.#winner!.index];
      this.#resolve(name === undefined ? value : { name, value });
    } else if (cancel !== undefined) this.#fail(cancel);
    else if (this.#aborted !== undefined) this.#fail(this.#aborted.reason);
    else {
      const message = `all branches of ${this.#rules.name} have failed`;
      this.#fail(new AggregateError(this.#errors!, message));
    }
  }

  #fail(error: unknown): void {
    if (isCancelled(error)) this.promise!.then(undefined, () => {});
    this.#reject(error);
  }

  /** After an abort it rejects, and what it still does is left to the run. */
  #leaveToRun(reason: unknown): void {
    if (this.#isOver || this.#winner !== undefined) return;
    this.#isLeft = true;
    this.#fail(reason);
    allowLeft(this);
    this.loop.resources.add(this);
  }

  /** Starts the branches that have not been started, as far as they may. */
  #startRest(): void {
    this.#isStarting = true;
    while (this.#isOpen && this.#next < this.#branches.length) {
      if (this.#isCancelledFromOutside()) break;
      const branch = this.#branches[this.#next]!;
      if (!branch.isFunction) {
        this.#next++;
        this.#running++;
        this.#follow(branch, branch.work as PromiseLike<unknown>);
      } else {
        if (this.#stagger?.isTooEarly) {
          this.#stagger.pause(() => this.#startRest());
          break;
        }
        this.#startFunctions();
      }
      if (this.#hasToLook) {
        // After its end is seen, if it has ended.
        settled.then(() => this.#startRest());
        break;
      }
    }
    this.#isStarting = false;
    this.#checkOver();
  }

  /** Whether the last that has begun may have ended, which cannot be seen yet. */
  get #hasToLook(): boolean {
    const last = this.#next - 1;
    const { isOpaque, scope } = this.#branches[last]!;
    if (!isOpaque || this.#next === this.#branches.length) return false;
    // Each of those before it in its scope is a wait; what is more is its own.
    return scope === undefined ||
      scope.waits.length <= last - this.#firstInScope;
  }

  #follow(branch: Branch, result: PromiseLike<unknown>): void {
    if (result instanceof Future && result.done) {
      const { state, value, error } = completionOf(result);
      if (state === "done") branch.settle(false, value);
      else branch.settle(true, error);
      return;
    }
    branch.follow(result, branch.scope ?? this);
    if (branch.isWaitFor(lastReady.promise)) {
      if (this.claim(branch, lastReady.failed)) this.decided(branch);
    } else if (branch.isOpaque && this.loop.isSettling(result)) {
      if (this.claim(branch, false)) this.decided(branch);
    }
  }

  /** Starts functions in a scope, until one has more code than a wait. */
  #startFunctions(): void {
    const scope = new BlockScope(this, this.frame.variables);
    (this.#scopes ??= []).push(scope);
    this.#firstInScope = this.#next;
    this.#stagger?.started();
    runInScope(scope, startIn, this);
  }

  #startIn(scope: BlockScope): void {
    let branch: Branch;
    do {
      branch = this.#branches[this.#next++]!;
      this.#running++;
      branch.scope = scope;
      this.#call(branch);
      if (!branch.isPlain || !scope.isPlain) return;
      branch.scope = undefined;
    } while (
      this.#isOpen && this.#stagger === undefined &&
      this.#branches[this.#next]?.isFunction
    );
  }

  static {
    startIn = (race) => race.#startIn(race.#scopes!.at(-1)!);
  }

  #call(branch: Branch): void {
    const { isNoted } = lastReady;
    lastReady.isNoted = true;
    lastReady.promise = undefined;
    this.#isCalling = true;
    try {
      const result = (branch.work as Coroutine<unknown>)();
      if (isThenable(result)) this.#follow(branch, result);
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

  /** Takes a cancel from outside, also one that no branch has been in a wait for. */
  #isCancelledFromOutside(): boolean {
    const pending = pendingCancels.count === 0 ? undefined : this.takePending();
    if (pending !== undefined) this.parent!.beginDelivery(pending);
    const error = pending ?? this.outerCancel;
    if (error === undefined) return false;
    this.#outerCancel = error;
    this.#giveUp(error);
    return true;
  }
}

/** Starts a race of `branches`, unless it may not begin. */
export function startRace(
  branches: Branch[],
  rules: Rules,
  options?: RaceOptions,
): Promise<unknown> {
  return checkpointOfOwner(branches.map(({ work }) => work), options) ??
    new Race(branches, rules, options).run();
}
