/** The inside of a pool. @module */
import { rootFrame } from "../tasks/kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "../tasks/kernel/context/current_scope.ts";
import { noteHeld } from "../tasks/kernel/context/leak_checks.ts";
import { Deadline } from "../tasks/kernel/loop/deadline.ts";
import type { Scheduler } from "../tasks/kernel/loop/scheduler.ts";
import type { Coroutine, WaitOptions } from "../tasks/kernel/types.ts";
import { ready, readyError } from "../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter, Waiter } from "../tasks/kernel/wait/waiter.ts";
import { isCancelled } from "../tasks/kernel/errors.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { isObserving } from "../tasks/kernel/watch/observer.ts";
import { createTask } from "../tasks/create_task.ts";
import type { Task } from "../tasks/task.ts";
import { settle } from "./_settle.ts";
import type { Lease } from "./lease.ts";
import { PoolClosedError } from "./errors.ts";

/** The options of a pool, with their defaults. */
export interface ResourceOptions<T> {
  readonly create: Coroutine<T>;
  readonly destroy?: ((resource: T) => unknown) | undefined;
  readonly validate?:
    | ((resource: T) => PromiseLike<boolean> | boolean)
    | undefined;
  readonly max: number;
  readonly min: number;
  readonly idleTimeout: number;
  readonly maxLifetime: number;
}

/** A resource that exists. */
interface Entry<T> {
  readonly resource: T;
  /** When it was made; 0 if there are no time limits. */
  readonly born: number;
  /** When it was returned last. */
  idleSince: number;
  /** The lease that holds it. */
  lease: PoolLease<T> | undefined;
}

/** A lease: its entry knows the current one by identity. */
class PoolLease<T> implements Lease<T> {
  readonly #resources: Resources<T>;
  readonly #entry: Entry<T>;

  constructor(resources: Resources<T>, entry: Entry<T>) {
    this.#resources = resources;
    this.#entry = entry;
  }

  get resource(): T {
    return this.#entry.resource;
  }

  get held(): boolean {
    return this.#entry.lease === this;
  }

  release(): void {
    if (this.held) this.#resources.giveBack(this.#entry);
  }

  discard(): void {
    if (this.held) this.#resources.discard(this.#entry);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  static {
    printable(PoolLease, (lease) => ({
      resource: lease.resource,
      held: lease.held,
    }));
  }
}

/**
 * The resources of a pool, and the queue of calls that wait for one.
 *
 * The user's functions run in tasks of their own on the pool's loop. So the
 * cancel of a call never reaches them, and a virtual clock waits for them. A
 * resource that they deliver goes to the first in line at that moment, or to the
 * pool.
 *
 * After every step, a resource is being made or validated for each call that
 * waits, as far as `max` allows.
 */
export class Resources<T> {
  readonly waiters: WaitQueue<Lease<T>> = new WaitQueue("Pool.acquire");
  readonly #closers = new WaitQueue<void>("Pool.close");
  readonly #options: ResourceOptions<T>;
  readonly #scheduler: Scheduler = currentScope().scheduler;
  /** What the loop closes at the end of its run. */
  readonly #pool: AsyncDisposable;
  /** The resources that exist and are not being destroyed. */
  readonly #entries = new Set<Entry<T>>();
  /** The idle ones of these; the one returned last is at the end. */
  readonly #idle: Entry<T>[] = [];
  readonly #making = new Set<Task<void>>();
  #beingMade = 0;
  #beingChecked = 0;
  #beingDestroyed = 0;
  #isSupplying = false;
  /** When idle resources are checked for their time limits. */
  #look: Deadline | undefined = undefined;
  /** After `close`: when the resources on loan are destroyed too. */
  #limit: Deadline | undefined = undefined;
  #closed = false;
  #isForced = false;

  constructor(options: ResourceOptions<T>, pool: AsyncDisposable) {
    this.#options = options;
    this.#pool = pool;
    this.#scheduler.resources.add(pool);
  }

  get size(): number {
    return this.#entries.size + this.#beingMade + this.#beingDestroyed;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The caller has called `checkpointIfCancelled` before. */
  acquire(options: WaitOptions | undefined): Promise<Lease<T>> {
    if (this.#closed) {
      return readyError(new PoolClosedError("the pool is closed"));
    }
    const { waiters } = this;
    if (waiters.first === undefined && this.#options.validate === undefined) {
      const entry = this.#takeIdle();
      if (entry !== undefined) return ready(this.#lend(entry));
    }
    const here = currentScope().scheduler.clock === this.#scheduler.clock;
    const Kind = here ? Waiter : ExternalWaiter;
    const lease = waiters.add(new Kind<Lease<T>>(waiters, options));
    this.#supply();
    return lease;
  }

  giveBack(entry: Entry<T>): void {
    entry.lease = undefined;
    if (this.#closed || this.#isOld(entry)) this.#end(entry);
    else if (this.waiters.first !== undefined) this.#check(entry);
    else this.#rest(entry);
    this.#supply();
  }

  discard(entry: Entry<T>): void {
    entry.lease = undefined;
    this.#end(entry);
    this.#supply();
  }

  /** Rejects all calls from now on, and destroys what is idle. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#look?.stop();
    const { waiters } = this;
    while (waiters.first !== undefined) {
      waiters.first.fail(new PoolClosedError("the pool was closed"));
    }
    for (const entry of this.#idle.splice(0)) this.#end(entry);
    this.#noteEnd();
  }

  /** Waits until all resources are destroyed. */
  whenEnded(): Promise<void> {
    return this.#hasEnded ? ready(undefined) : this.#closers.wait();
  }

  /** Destroys also what is on loan, after so many milliseconds. */
  forceAfter(ms: number): void {
    if (this.#hasEnded) return;
    if (ms <= 0) return this.#force();
    const when = this.#scheduler.clock.now() + ms;
    if (when === Infinity || this.#limit && this.#limit.when <= when) return;
    this.#limit?.stop();
    this.#limit = this.#at(when, () => this.#force());
  }

  #force(): void {
    this.#isForced = true;
    for (const task of this.#making) task.cancel("the pool was closed");
    for (const entry of this.#entries) {
      entry.lease = undefined;
      this.#end(entry);
    }
    this.#noteEnd();
  }

  get #hasEnded(): boolean {
    return this.#closed && this.#entries.size === 0 &&
      this.#beingDestroyed === 0 &&
      (this.#beingMade === 0 || this.#isForced);
  }

  #noteEnd(): void {
    if (!this.#hasEnded) return;
    this.#limit?.stop();
    this.#scheduler.resources.delete(this.#pool);
    this.#closers.wakeAll();
  }

  /** Makes or validates a resource for each call that waits. */
  #supply(): void {
    if (this.#isSupplying) return; // called by a function of the user that returned at once
    this.#isSupplying = true;
    while (this.waiters.size > this.#beingMade + this.#beingChecked) {
      const entry = this.#takeIdle();
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
      const now = this.#now();
      const resource = end.value;
      const entry = { resource, born: now, idleSince: now, lease: undefined };
      this.#entries.add(entry);
      this.#offer(entry);
    });
    if (task.done) return;
    this.#making.add(task);
    task.addDoneCallback(() => this.#making.delete(task));
  }

  /** Rejects the first in line with the error, or reports it. */
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

  /** Lends it to the first in line, or lets it rest. */
  #offer(entry: Entry<T>): void {
    const { first } = this.waiters;
    if (this.#closed) this.#end(entry);
    else if (first === undefined) this.#rest(entry);
    else first.wake(this.#lend(entry, first));
  }

  #lend(entry: Entry<T>, waiter?: Waiter<Lease<T>>): Lease<T> {
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

  #takeIdle(): Entry<T> | undefined {
    let entry = this.#idle.pop();
    while (entry !== undefined && this.#isOld(entry)) {
      this.#end(entry);
      entry = this.#idle.pop();
    }
    return entry;
  }

  #rest(entry: Entry<T>): void {
    this.#idle.push(entry);
    entry.idleSince = this.#now();
    this.#lookAt(this.#endOf(entry));
  }

  /** Destroys what has been idle, or has existed, for too long. */
  #lookAtIdle(): void {
    this.#look = undefined;
    const now = this.#now();
    let next = Infinity;
    for (const entry of this.#idle.splice(0)) {
      const end = this.#endOf(entry);
      if (end <= now) this.#end(entry);
      else {
        this.#idle.push(entry);
        next = Math.min(next, end);
      }
    }
    this.#lookAt(next);
    this.#supply();
  }

  #lookAt(when: number): void {
    if (when === Infinity || this.#look && this.#look.when <= when) return;
    this.#look?.stop();
    this.#look = this.#at(when, () => this.#lookAtIdle());
  }

  /** When an idle one is to be destroyed. */
  #endOf(entry: Entry<T>): number {
    const { min, idleTimeout, maxLifetime } = this.#options;
    const byAge = entry.born + maxLifetime;
    return this.#entries.size <= min
      ? byAge
      : Math.min(byAge, entry.idleSince + idleTimeout);
  }

  #isOld(entry: Entry<T>): boolean {
    const { maxLifetime } = this.#options;
    return maxLifetime !== Infinity && entry.born + maxLifetime <= this.#now();
  }

  /** The time, if there are time limits. */
  #now(): number {
    const { idleTimeout, maxLifetime } = this.#options;
    if (idleTimeout === Infinity && maxLifetime === Infinity) return 0;
    return this.#scheduler.clock.now();
  }

  /** Calls `reached` at a time, outside of the turn of the loop. */
  #at(when: number, reached: () => void): Deadline {
    const scheduler = this.#scheduler;
    const call = { run: reached, runsUserCode: true };
    return new Deadline(scheduler, when, () => scheduler.soon(call));
  }

  /**
   * Runs a function of the user in a task of the pool's loop: at once, as a task
   * that is cancelled before its first step never runs.
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
    const frame = rootFrame(this.#scheduler, copyVariables());
    return runInFrame(
      frame,
      () => createTask<void>(() => settle(work, end), options),
    );
  }

  #report(what: string, error: unknown): void {
    if (isCancelled(error)) return;
    const message = `Exception in a function of a Pool: ${what}`;
    this.#scheduler.report({ message, error });
  }
}
