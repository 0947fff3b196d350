/** @module */
import {
  currentScope,
  currentVariables,
} from "../../tasks/kernel/context/current_scope.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { Task } from "../../tasks/task.ts";
import { isThenable } from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { Engine } from "./_engine.ts";
import { Fifo, type Linked } from "./_fifo.ts";
import { Operator } from "./_operator.ts";
import type { Source } from "./_source.ts";

/** One item, from when it is taken until its result is yielded. */
class Call implements Linked<Call> {
  following: Call | undefined = undefined;
  state: "running" | "done" | "failed" = "running";
  /** The result, or the error. */
  outcome: unknown = undefined;
  /** The task that it runs in. */
  readonly task: Task<void> | undefined;

  constructor(task: Task<void> | undefined) {
    this.task = task;
  }
}

/** How items are mapped. */
export interface Mapping<T, R> {
  /** Without it, each item is its own result. */
  call?: (item: T) => PromiseLike<R> | R;
  limit: number;
  ordered: boolean;
}

/**
 * Items through a function, several at a time.
 *
 * At most `limit` tasks take turns at the source: each takes an item, lets
 * another task take the next, and calls the function. Entering a task costs
 * more than most calls, so a task whose call ends quickly takes the next item
 * itself.
 */
export class MapOperator<T, R> extends Operator<R> {
  readonly #source: Source<T>;
  readonly #call: ((item: T) => PromiseLike<R> | R) | undefined;
  readonly #limit: number;
  readonly #isOrdered: boolean;
  #engine: Engine | undefined = undefined;
  /** In the order in which their results are yielded. */
  readonly #calls = new Fifo<Call>();
  /** How many items are taken, and their results not yielded. */
  #held = 0;
  #tasks = 0;
  /** Tasks that have nothing to do. */
  readonly #idle: WaitQueue<void>;
  /** How many tasks are about to take an item. */
  #coming = 0;
  /** The task that waits for an item. */
  #puller: Task<void> | undefined = undefined;
  /** Whether items of the source have to be awaited. */
  #isAsync = false;
  /** Whether no more items are taken. */
  #isExhausted = false;
  #isAsking = false;
  /** How many turns of the loop have begun while calls were under way. */
  #turns = 0;
  #isTurnPlanned = false;
  /** Whether calls end within the turn in which they began. */
  #isQuick = false;

  constructor(source: Source<T>, { call, limit, ordered }: Mapping<T, R>) {
    super(source.what);
    this.#source = source;
    this.#call = call;
    this.#limit = limit;
    this.#isOrdered = ordered;
    this.#idle = new WaitQueue(`${source.what}: an item to work on`);
  }

  protected override begin(): void {
    this.#engine = new Engine(this.what, [this.#source], this);
  }

  protected override ask(): IteratorResult<R, undefined> | undefined {
    const ready = this.#take();
    if (ready !== undefined) {
      this.#fillLater();
      return ready;
    }
    this.#isAsking = true;
    this.#fill();
    this.#isAsking = false;
    return this.#take();
  }

  protected override end(): void {
    this.#isExhausted = true;
    let call: Call | undefined;
    while ((call = this.#calls.shift()) !== undefined) {
      if (call.state === "failed") this.report(call.outcome);
    }
    if (this.#engine === undefined) this.over();
    else this.#engine!.end();
  }

  protected override get engine(): Engine | undefined {
    return this.#engine;
  }

  /** Takes the next result out, if it is there. */
  #take(): IteratorResult<R, undefined> | undefined {
    const call = this.#calls.first;
    if (call === undefined || call.state === "running") return undefined;
    this.#calls.shift();
    this.#held--;
    if (call.state === "failed") {
      this.fail(call.outcome);
      return undefined;
    }
    if (this.#isExhausted && this.#held === 0) this.finish();
    return { done: false, value: call.outcome as R };
  }

  /** Wakes waiting calls of `next` with the results that are ready. */
  #give(): void {
    while (this.nexts.size > 0) {
      const result = this.#take();
      if (result === undefined) return;
      this.nexts.wake(result);
    }
  }

  get #mayTake(): boolean {
    const isWanted = this.#isAsking || this.nexts.size > 0;
    const most = isWanted ? this.#limit : this.#limit - 1;
    return this.#held + this.#coming < most && !this.#isExhausted &&
      this.#puller === undefined;
  }

  /** Lets tasks take as many items as may be held. */
  #fill(isEager = true): void {
    while (this.#mayTake && !(this.#isAsync && this.#coming > 0)) {
      if (this.#idle.size > 0) {
        this.#coming++;
        this.#idle.wake();
      } else if (this.#tasks < this.#limit) {
        this.#coming++;
        this.#tasks++;
        this.#engine!.start(this.#work, isEager);
      } else return;
    }
  }

  /**
   * Takes more items in the next turn, or when half of what may be held has
   * been yielded: that is early enough, since no call of `next` waits.
   */
  #fillLater(): void {
    const isHalf = this.#held <= this.#limit / 2;
    if (!isHalf && this.#isTurnPlanned || !this.#mayTake) return;
    if (isHalf && this.#idle.size > 0) {
      this.#coming++;
      this.#idle.wake();
    }
    if (!this.#isTurnPlanned) this.#planTurn();
  }

  #planTurn(): void {
    this.#isTurnPlanned = true;
    const run = () => {
      this.#isTurnPlanned = false;
      this.#turns++;
      this.#fill(false);
    };
    this.#engine!.loop.defer({ run, runsUserCode: false });
  }

  #work = async (): Promise<void> => {
    const task = currentScope().task as Task<void>;
    const variables = currentVariables();
    const { bindings } = this.#engine!.variables;
    for (;;) {
      this.#coming--;
      while (this.#mayTake) {
        let result;
        variables.bindings = bindings; // not those that a call has set
        try {
          const pulled = this.#source.pull();
          if (isThenable(pulled)) {
            this.#isAsync = true;
            this.#puller = task;
            result = this.#source.came(await pulled);
          } else result = pulled;
        } catch (error) {
          this.#puller = undefined;
          this.#source.broke(error);
          return this.#sourceFailed(error);
        }
        this.#puller = undefined;
        if (this.#isExhausted) return; // what was under way is not wanted
        if (result.done) return this.#exhausted();
        const call = new Call(task);
        this.#held++;
        if (this.#isOrdered) this.#calls.push(call);
        variables.bindings = bindings; // nor those of the source
        try {
          let made: unknown = result.value;
          if (this.#call !== undefined) made = this.#call(result.value);
          if (this.#call !== undefined && isThenable(made)) {
            if (!this.#isTurnPlanned) this.#planTurn();
            const turn = this.#turns;
            if (!this.#isQuick && !this.#isAsking) this.#fill();
            made = await made;
            this.#isQuick = turn === this.#turns;
          }
          this.#ended(call, "done", made);
        } catch (error) {
          this.#ended(call, "failed", error);
        }
      }
      if (this.#isExhausted) return;
      await (checkpointIfCancelled() ?? this.#idle.wait());
    }
  };
  #ended(call: Call, state: "done" | "failed", outcome: unknown): void {
    if (this.#engine!.isEnding) {
      if (state === "failed") this.report(outcome);
      return;
    }
    call.state = state;
    call.outcome = outcome;
    if (!this.#isOrdered) {
      if (state === "failed") return this.fail(outcome);
      this.#calls.push(call);
    } else if (state === "failed") this.#stopAfter(call);
    this.#give();
  }

  /** The results after `failed` will not be yielded. */
  #stopAfter(failed: Call): void {
    this.#stop();
    if (this.#puller !== undefined) this.#engine!.cancel(this.#puller);
    let call = failed.following;
    for (; call !== undefined; call = call.following) {
      if (call.state === "running") this.#engine!.cancel(call.task!);
    }
  }

  #sourceFailed(error: unknown): void {
    if (this.#isExhausted) return this.report(error);
    this.#stop();
    const call = new Call(undefined);
    this.#held++;
    if (this.#isOrdered) this.#calls.push(call);
    this.#ended(call, "failed", error);
  }

  #exhausted(): void {
    this.#stop();
    if (this.#held === 0) this.finish();
  }

  /** Takes no more items. */
  #stop(): void {
    this.#isExhausted = true;
    this.#idle.wakeAll();
    this.#engine!.closeSources();
  }
}
