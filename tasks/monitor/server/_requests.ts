/** The requests of clients, and their answers. @module */
import type { Task } from "../../task.ts";
import { MAX_TASKS, type NamedTask, type Operation } from "../protocol.ts";
import { ActivityRecorder } from "./_activity.ts";
import { Evaluations } from "./_evaluations.ts";
import type { Heartbeat } from "./_heartbeat.ts";
import { Ids } from "./_ids.ts";
import { inNoRun, type Loop, tasksOn } from "./_kernel_view.ts";
import { Snapshots } from "./_snapshots.ts";
import type { RequestHandler } from "./_socket_thread.ts";
import type { PassedRequest } from "./_thread_script.ts";
import { importOutside } from "../../kernel/wait/lazy_module.ts";

/**
 * For how long a client watches after its request, and after the time of its
 * next.
 */
const LEASE_MS = 10_000;
/** How many tasks with the same name an error lists at most. */
const MAX_NAMED = 10;

/** The request cannot be answered. */
class RequestError extends Error {}

type WatchOperation = Extract<Operation, { op: "watch" }>;

/** A client that watches. */
interface Watcher {
  readonly follow: readonly number[];
  readonly until: number;
}

/** Carries out requests, on the thread of the program. */
export class Requests implements RequestHandler {
  readonly crashed: (error: unknown) => void;
  heartbeat: Heartbeat | undefined = undefined;
  readonly #loops: ReadonlySet<Loop>;
  readonly #taskIds = new Ids();
  readonly #activity = new ActivityRecorder(this.#taskIds);
  readonly #snapshots = new Snapshots(this.#taskIds, this.#activity);
  readonly #evaluations = new Evaluations(() => this.#names());
  readonly #watchers = new Map<number, Watcher>();

  constructor(
    loops: ReadonlySet<Loop>,
    { crashed }: Pick<RequestHandler, "crashed">,
  ) {
    this.#loops = loops;
    this.crashed = crashed;
  }

  request(
    client: number,
    request: PassedRequest,
    answer: (members: string) => void,
  ): void {
    inNoRun(async () => {
      try {
        answer(`"value":${await this.#carryOut(client, request)}`);
      } catch (error) {
        const message = error instanceof RequestError
          ? error.message
          : `the monitor has failed: ${error}`;
        answer(`"error":${JSON.stringify(message)}`);
      }
    });
  }

  gone(client: number): void {
    inNoRun(() => {
      this.#evaluations.forget(client);
      this.#watchers.delete(client);
      this.#watch();
    });
  }

  /** Forgets clients whose next request is overdue. */
  endLeases(): void {
    if (this.#watchers.size === 0) return;
    const now = performance.now();
    for (const [client, { until }] of this.#watchers) {
      if (until < now) this.#watchers.delete(client);
    }
    this.#watch();
  }

  close(): void {
    this.#watchers.clear();
    this.#watch();
    inNoRun(() => this.#evaluations.close());
  }

  /** Resolves to the value of the answer, as JSON. */
  async #carryOut(client: number, request: PassedRequest): Promise<string> {
    const operation = checked(request);
    switch (operation.op) {
      case "tasks":
        return await this.#snapshots.take([...this.#loops]);
      case "watch":
        return await this.#watched(client, operation);
      case "cancel":
        return JSON.stringify(this.#cancel(operation.task));
      case "evaluate":
        return await this.#evaluate(client, operation.code);
      case "interrupt":
        return String(this.#evaluations.interrupt(client));
      case "hello":
        throw new RequestError("the thread answers this");
    }
  }

  async #watched(
    client: number,
    { follow = [], next = 0 }: WatchOperation,
  ): Promise<string> {
    const until = performance.now() + next + LEASE_MS;
    this.#watchers.set(client, { follow, until });
    this.#watch();
    const snapshot = await this.#snapshots.take([...this.#loops]);
    const activity = this.#activity.read(this.heartbeat?.late ?? []);
    return `{"snapshot":${snapshot},"activity":${JSON.stringify(activity)}}`;
  }

  /** Observes the loops if a client watches, or else stops that. */
  #watch(): void {
    const isWatched = this.#watchers.size > 0;
    if (!isWatched && !this.#activity.isOn) return;
    this.#activity.watch(isWatched ? this.#loops : []);
    const wanted = new Set(
      [...this.#watchers.values()].flatMap(({ follow }) => follow),
    );
    this.#activity.follow(this.#withIds(wanted));
  }

  *#withIds(ids: Set<number>): Generator<{ task: Task<unknown>; loop: Loop }> {
    if (ids.size === 0) return;
    for (const { task, loop } of this.#tasks(MAX_TASKS)) {
      if (ids.has(this.#taskIds.of(task))) yield { task, loop };
    }
  }

  *#tasks(most?: number): Generator<{ task: Task<unknown>; loop: Loop }> {
    for (const loop of this.#loops) {
      for (const task of tasksOn(loop, most)) yield { task, loop };
    }
  }

  /** Cancels the task with this number, or else the one with this name. */
  #cancel(asked: string): NamedTask {
    const named: Task<unknown>[] = [];
    for (const { task } of this.#tasks()) {
      if (String(this.#taskIds.of(task)) === asked) {
        return this.#cancelTask(task);
      }
      if (task.name === asked) named.push(task);
    }
    const [task, ...more] = named;
    if (task === undefined) {
      throw new RequestError(`there is no task ${JSON.stringify(asked)}`);
    }
    if (more.length === 0) return this.#cancelTask(task);
    const ids = named.slice(0, MAX_NAMED).map((it) => this.#taskIds.of(it));
    const others = named.length > MAX_NAMED ? ", …" : "";
    throw new RequestError(
      `${named.length} tasks are called ${
        JSON.stringify(asked)
      }: say which one by its number, ${ids.join(", ")}${others}`,
    );
  }

  #cancelTask(task: Task<unknown>): NamedTask {
    task.cancel("cancelled through the monitor");
    return { id: this.#taskIds.of(task), name: task.name };
  }

  async #evaluate(client: number, code: string): Promise<string> {
    const [loop] = this.#loops;
    if (loop === undefined) throw new RequestError("no run is under way");
    return JSON.stringify(await this.#evaluations.evaluate(client, loop, code));
  }

  /** Resolves to an object with the names that code of a client can use. */
  async #names(): Promise<object> {
    const asyncio = await importOutside(() => import("../../mod.ts"));
    const tasks = () => [...this.#tasks()].map(({ task }) => task);
    return Object.setPrototypeOf({
      asyncio,
      get tasks() {
        return tasks();
      },
      cancel: (task: Task<unknown> | string | number) => {
        if (typeof task === "object") return this.#cancelTask(task);
        return this.#cancel(String(task));
      },
    }, null);
  }
}

/** @throws {RequestError} There is no such operation, or a member is wrong. */
function checked(request: PassedRequest): Operation {
  const { op } = request;
  const member = (name: string, isRight: (value: unknown) => boolean) => {
    if (isRight(request[name])) return;
    throw new RequestError(`the member ${name} of ${op} is missing or wrong`);
  };
  switch (op) {
    case "hello":
    case "tasks":
    case "interrupt":
      break;
    case "watch":
      member(
        "follow",
        (it) =>
          it === undefined || Array.isArray(it) && it.every(Number.isInteger),
      );
      member("next", (it) => it === undefined || Number.isInteger(it));
      break;
    case "cancel":
      member("task", (it) => typeof it === "string");
      break;
    case "evaluate":
      member("code", (it) => typeof it === "string");
      break;
    default:
      throw new RequestError(`there is no op ${op}`);
  }
  return request as unknown as Operation;
}
