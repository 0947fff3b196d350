/** The mechanism of a pool. @module */
import { rootFrame } from "../tasks/kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "../tasks/kernel/context/current_scope.ts";
import { noteHeld } from "../tasks/kernel/context/leak_checks.ts";
import { Deadline } from "../tasks/kernel/loop/deadline.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import type { Coroutine, WaitOptions } from "../tasks/kernel/types.ts";
import { ready, readyError } from "../tasks/kernel/wait/checkpoint.ts";
import { isCancelled } from "../tasks/kernel/errors.ts";
import { QueuedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { isObserving } from "../tasks/kernel/watch/observer.ts";
import { createTask } from "../tasks/create_task.ts";
import type { Task } from "../tasks/task.ts";
import {
  IdleResources,
  type Keeper,
  type TimeLimits,
} from "./_idle_resources.ts";
import { type Entry, type Lender, PoolLease } from "./_pool_lease.ts";
import { settle } from "./_settle.ts";
import type { Lease } from "./lease.ts";
import { PoolClosedError } from "./errors.ts";

/** The options of a pool, with their defaults. */
export interface ResourceOptions<T> extends TimeLimits {
  readonly create: Coroutine<T>;
  readonly destroy?: ((resource: T) => unknown) | undefined;
  readonly validate?:
    | ((resource: T) => PromiseLike<boolean> | boolean)
    | undefined;
  readonly max: number;
}

/**
 * The resources of a pool, and the queue of calls that wait for one.
 *
 * The user's functions run in tasks of their own on the pool's loop. So the
 * cancel of a call never reaches them, and a virtual clock waits for them. A
 * resource that they return goes to the call that is first then, or to the
 * pool.
 *
 * After every step, a resource is being made or validated for each call that
 * waits, as far as `max` allows.
 */
export class Resources<T> implements Lender<T>, Keeper<T> {
  readonly waiters: WaitQueue<Lease<T>> = new WaitQueue("Pool.acquire");
  readonly #closers = new WaitQueue<void>("Pool.close");
  readonly #options: ResourceOptions<T>;
  readonly #loop: Loop = currentScope().loop;
  /** What the end of the run disposes. */
  readonly #pool: AsyncDisposable;
  /** The resources that exist, without those that are being destroyed. */
  readonly #entries = new Set<Entry<T>>();
  /** The idle resources of these. */
  readonly #idle: IdleResources<T>;
  readonly #making = new Set<Task<void>>();
  #beingMade = 0;
  #beingChecked = 0;
  #beingDestroyed = 0;
  #isSupplying = false;
  /** After `close`: when resources on loan are destroyed, too. */
  #limit: Deadline | undefined = undefined;
  /**
   * Forced: resources on loan are destroyed, and none being made is waited for.
   */
  #state: "open" | "closed" | "forced" = "open";

  constructor(options: ResourceOptions<T>, pool: AsyncDisposable) {
    this.#options = options;
    this.#pool = pool;
    this.#idle = new IdleResources(options, this, this.#loop);
    this.#loop.resources.add(pool);
  }

  get size(): number {
    return this.#entries.size + this.#beingMade + this.#beingDestroyed;
  }

  get idle(): number {
    return this.#idle.size;
  }

  get kept(): number {
    return this.#entries.size;
  }

  get closed(): boolean {
    return this.#state !== "open";
  }

  /** To be called after `checkpointIfCancelled`. */
  acquire(options: WaitOptions | undefined): Promise<Lease<T>> {
    if (this.closed) {
      return readyError(
        new PoolClosedError("Cannot acquire: the pool is closed"),
      );
    }
    const { waiters } = this;
    if (waiters.first === undefined && this.#options.validate === undefined) {
      // No user code may run before the wait has begun: it could end the wait.
      const entry = this.#idle.takeFresh();
      if (entry !== undefined) return ready(this.#lend(entry));
    }
    const waiter = new QueuedWaiter<Lease<T>>(options);
    waiter.isExternal = waiter.scope.loop.clock !== this.#loop.clock;
    waiters.add(waiter);
    this.#supply();
    return waiter.begun();
  }

  giveBack(entry: Entry<T>): void {
    entry.lease = undefined;
    if (this.closed || this.#idle.isOld(entry)) this.#end(entry);
    else if (this.waiters.first !== undefined) this.#check(entry);
    else this.#idle.add(entry);
    this.#supply();
  }

  discard(entry: Entry<T>): void {
    entry.lease = undefined;
    this.retire(entry);
  }

  retire(entry: Entry<T>): void {
    this.#end(entry);
    this.#supply();
  }

  /** Rejects all calls from now on, and destroys the idle resources. */
  close(): void {
    if (this.closed) return;
    this.#state = "closed";
    const { waiters } = this;
    while (waiters.first !== undefined) {
      waiters.first.fail(
        new PoolClosedError("Cannot acquire: the pool was closed"),
      );
    }
    for (const entry of this.#idle.takeAll()) this.#end(entry);
    this.#noteEnd();
  }

  /** Waits until all resources are destroyed. */
  whenEnded(): Promise<void> {
    return this.#hasEnded ? ready(undefined) : this.#closers.wait();
  }

  /** Destroys also the resources on loan, after `ms` milliseconds. */
  forceAfter(ms: number): void {
    if (this.#hasEnded) return;
    if (ms <= 0) return this.#force();
    const when = this.#loop.clock.now() + ms;
    if (when === Infinity || this.#limit && this.#limit.when <= when) return;
    this.#limit?.stop();
    const loop = this.#loop;
    const force = { run: () => this.#force(), runsUserCode: true };
    this.#limit = new Deadline(loop, when, () => loop.soon(force));
  }

  #force(): void {
    this.#state = "forced";
    for (const task of this.#making) {
      task.cancel("Cannot acquire: the pool was closed");
    }
    for (const entry of this.#entries) {
      entry.lease = undefined;
      this.#end(entry);
    }
    this.#noteEnd();
  }

  get #hasEnded(): boolean {
    return this.closed && this.#entries.size === 0 &&
      this.#beingDestroyed === 0 &&
      (this.#beingMade === 0 || this.#state === "forced");
  }

  #noteEnd(): void {
    if (!this.#hasEnded) return;
    this.#limit?.stop();
    this.#loop.resources.delete(this.#pool);
    this.#closers.wakeAll();
  }

  /** Makes or validates a resource for each call that waits. */
  #supply(): void {
    if (this.#isSupplying) return; // a function of the user returned at once
    this.#isSupplying = true;
    while (this.waiters.size > this.#beingMade + this.#beingChecked) {
      const entry = this.#idle.take();
      if (entry !== undefined) this.#check(entry);
      else if (this.size < this.#options.max) this.#make();
      else break;
    }
    this.#isSupplying = false;
    this.#noteEnd();
  }

  #make(): void {
    this.#beingMade++;
    const task = this.#run("create", this.#options.create, (end) => {
      this.#beingMade--;
      if (end.status === "rejected") return this.#notMade(end.reason);
      const { now } = this.#idle;
      const resource = end.value;
      const entry = { resource, born: now, idleSince: now, lease: undefined };
      this.#entries.add(entry);
      this.#offer(entry);
    });
    if (task.done) return;
    this.#making.add(task);
    task.addDoneCallback(() => this.#making.delete(task));
  }

  /** Rejects the first call with the error, or reports it. */
  #notMade(error: unknown): void {
    const { first } = this.waiters;
    if (first !== undefined) first.fail(error);
    else this.#report("create, after its caller gave up", error);
  }

  /** Validates a resource, and then offers it. */
  #check(entry: Entry<T>): void {
    const { validate } = this.#options;
    if (validate === undefined) return this.#offer(entry);
    this.#beingChecked++;
    this.#run("validate", () => validate(entry.resource), (end) => {
      this.#beingChecked--;
      if (!this.#entries.has(entry)) return; // destroyed by `#force`
      if (end.status === "fulfilled" && end.value) this.#offer(entry);
      else this.#end(entry);
    });
  }

  /** Lends a resource to the first call, or keeps it idle. */
  #offer(entry: Entry<T>): void {
    const { first } = this.waiters;
    if (this.closed) this.#end(entry);
    else if (first === undefined) this.#idle.add(entry);
    else first.wake(this.#lend(entry, first));
  }

  #lend(entry: Entry<T>, waiter?: QueuedWaiter<Lease<T>>): Lease<T> {
    const lease = entry.lease = new PoolLease(this, entry);
    if (isObserving()) noteHeld(lease, "lease of a Pool", waiter);
    return lease;
  }

  /** Destroys a resource. */
  #end(entry: Entry<T>): void {
    this.#entries.delete(entry);
    const { destroy } = this.#options;
    if (destroy === undefined) return;
    this.#beingDestroyed++;
    this.#run("destroy", () => destroy(entry.resource), (end) => {
      this.#beingDestroyed--;
      if (end.status === "rejected") this.#report("destroy", end.reason);
    });
  }

  /**
   * Runs a function of the user in a task of the pool's loop. The task is
   * eager, as one that is cancelled before its first step would never run.
   */
  #run<R>(
    name: string,
    work: Coroutine<R>,
    settled: (end: PromiseSettledResult<R>) => void,
  ): Task<void> {
    const options = { name: `Pool.${name}`, eager: true };
    const end = (outcome: PromiseSettledResult<R>) => {
      settled(outcome);
      this.#supply();
    };
    const frame = rootFrame(this.#loop, copyVariables());
    return runInFrame(
      frame,
      () => createTask<void>(() => settle(work, end), options),
    );
  }

  #report(what: string, error: unknown): void {
    if (isCancelled(error)) return;
    const message = `Exception in a function of a Pool: ${what}`;
    this.#loop.report({ message, error });
  }
}
