/** @module */
import { BodySender } from "./body_sender.ts";
import { statusOfClientFault } from "./client_fault.ts";
import { streamedBody } from "./streamed_body.ts";
import { isUpgraded } from "./upgraded.ts";
import { reportable } from "../socket/shortage.ts";
import { currentTask } from "../../tasks/create_task.ts";
import type { EventLoop } from "../../tasks/event_loop.ts";
import { contextOf } from "../../tasks/kernel/context/context_variables.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import type { LinkedNode } from "../../tasks/kernel/linked_list.ts";
import { Deadline } from "../../tasks/kernel/loop/deadline.ts";
import type { Loop } from "../../tasks/kernel/loop/loop.ts";
import { describe, isThenable } from "../../tasks/kernel/types.ts";
import type { Bindings } from "../../tasks/kernel/cancel/context_frame.ts";
import type { CapacityLimiter } from "../../tasks/kernel/wait/capacity_limiter.ts";
import type { Task } from "../../tasks/task.ts";

/** What a server answers requests with. */
export type RequestHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | PromiseLike<Response>;

/** What the exchanges of a server have in common. */
export interface ExchangeOptions {
  readonly handler: RequestHandler;
  readonly requestTimeout: number;
  readonly limiter: CapacityLimiter | undefined;
  readonly eventLoop: EventLoop;
  readonly loop: Loop;
  /** The context variables that each handler gets a copy of. */
  readonly bindings: Bindings;
  /** Called if the task of the exchange does not end at once. */
  begun(exchange: Exchange): void;
  /** Called then at its end. */
  ended(exchange: Exchange): void;
}

/** The name of a task until it waits, as most never do. */
const UNNAMED = "HTTP request";

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * A request and its answer. Its task runs the handler, and then sends the body
 * if code makes that.
 */
export class Exchange implements LinkedNode<Exchange> {
  previousSibling: Exchange | undefined;
  nextSibling: Exchange | undefined;
  readonly #options: ExchangeOptions;
  readonly #request: Request;
  readonly #info: Deno.ServeHandlerInfo;
  readonly #task: Task<unknown>;
  #answer: Response | undefined;
  #resolve: ((answer: Response) => void) | undefined;
  #deadline: Deadline | undefined;
  #clientHasLeft = false;
  #hasBegun = false;
  #isOver = false;

  constructor(
    request: Request,
    info: Deno.ServeHandlerInfo,
    options: ExchangeOptions,
  ) {
    this.#request = request;
    this.#info = info;
    this.#options = options;
    const { eventLoop, bindings } = options;
    this.#task = eventLoop.createTask(() => this.#run(), {
      name: UNNAMED,
      eager: true,
      context: contextOf({ bindings }),
    });
    if (this.#isOver) return;
    this.#hasBegun = true;
    options.begun(this);
  }

  /** What the runtime is to send; to be asked for once. */
  get answer(): Response | Promise<Response> {
    if (this.#answer !== undefined) return this.#answer;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  /** Cancels its task, which may still answer. */
  cancel(message: string): void {
    this.#task.cancel(message);
  }

  /** Answers in place of its task, unless there is an answer. */
  refuse(status = 503): void {
    if (this.#answer === undefined) this.#give(this.#refusal(status));
  }

  /**
   * Begins to watch for the client's leaving, and for the time limit. That costs as
   * much as all the rest, so it is done only if there is no answer at the end of the
   * turn in which the request came. Not later: over HTTP/2, the signal of a request
   * does not tell what happened before the signal was asked for.
   */
  watch(): void {
    this.#nameTask(this.#task);
    if (this.#answer !== undefined) return; // a body is being sent
    const { requestTimeout, loop } = this.#options;
    if (requestTimeout !== Infinity) {
      const when = loop.clock.now() + requestTimeout;
      this.#deadline = new Deadline(loop, when, () => this.#timeUp());
    }
    const { signal } = this.#request;
    signal.addEventListener("abort", () => this.#aborted());
  }

  #run(): unknown {
    const { limiter } = this.#options;
    if (limiter === undefined) return this.#handle();
    const entered = limiter.enter(this, () => this.#handle());
    if (!isThenable(entered)) return entered;
    // Cancelled before its turn, it has not been handled.
    return entered.then(undefined, (error) => this.#failed(error));
  }

  #handle(): unknown {
    try {
      const { handler } = this.#options;
      const result = handler(this.#request, this.#info);
      if (!isThenable(result)) return this.#returned(result);
      return result.then(
        (response) => this.#returned(response),
        (error) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** The handler has returned: the rest is to send what it gave. */
  #returned(response: unknown): unknown {
    const mistake = this.#mistakeIn(response);
    if (mistake !== undefined) return this.#failed(mistake);
    const given = response as Response;
    if (this.#answer !== undefined || this.#clientHasLeft) {
      detached(() => given.body?.cancel().catch(() => {})); // it may hold a file
      this.refuse();
      return this.#end();
    }
    const body = streamedBody(given);
    if (body !== undefined) return this.#send(given, body);
    this.#give(given);
    return this.#end();
  }

  #send(response: Response, body: ReadableStream<Uint8Array>): unknown {
    const leave = () => this.#leave();
    const sender = new BodySender(body, leave);
    this.#give(new Response(sender.readable, response));
    // The runtime takes no body for a HEAD, and none of a server it gave up.
    this.#info.completed.then(leave, leave);
    return sender.send().then(
      () => this.#end(),
      (error) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    if (this.#isOver) throw error;
    const isCancel = isCancelled(error);
    const status = isCancel ? 503 : statusOfClientFault(error, this.#request);
    if (status === undefined) this.#report(error);
    this.refuse(status ?? 500);
    this.#end();
    if (isCancel) throw error;
  }

  #give(answer: Response): void {
    this.#answer = answer;
    this.#deadline?.stop();
    this.#resolve?.(answer);
  }

  #end(): void {
    this.#isOver = true;
    const { limiter } = this.#options;
    if (limiter !== undefined) limiter.leave(this);
    if (this.#hasBegun) this.#options.ended(this);
  }

  #report(error: unknown): void {
    const { loop } = this.#options;
    const task = currentTask()!; // `#task` may not be set yet: it is eager
    this.#nameTask(task);
    const message = `Unhandled exception in request handler: ${task.name}`;
    detached(() => loop.report({ message, error: reportable(error), task }));
  }

  #timeUp(): void {
    this.refuse();
    this.cancel(`no answer within ${this.#options.requestTimeout} ms`);
  }

  /**
   * The client has gone. Or the handler has just upgraded the request, which
   * closes it a moment later.
   */
  #aborted(): void {
    queueMicrotask(() => {
      if (this.#answer === undefined && !this.#isUpgraded) this.#leave();
    });
  }

  /** The client takes nothing any more. */
  #leave(): void {
    if (this.#clientHasLeft || this.#isOver) return;
    this.#clientHasLeft = true;
    this.cancel("the client has gone");
  }

  get #isUpgraded(): boolean {
    return isUpgraded(this.#request, this.#info);
  }

  /**
   * An upgrade without its headers is what the client of an upgrade refuses.
   */
  #refusal(status: number): Response {
    return this.#isUpgraded
      ? new Response(null, { status: 101 })
      : new Response(STATUS_TEXT[status], { status });
  }

  #mistakeIn(response: unknown): TypeError | undefined {
    if (!(response instanceof Response)) {
      return new TypeError(
        `Cannot answer ${this.#what}: the handler returns a Response, received ${
          describe(response)
        }`,
      );
    }
    if (!this.#isUpgraded || response.status === 101) return undefined;
    return new TypeError(
      `Cannot answer ${this.#what}: it was upgraded, and the handler returns the response of Deno.upgradeWebSocket, received one with status ${response.status}`,
    );
  }

  #nameTask(task: Task<unknown>): void {
    if (task.name === UNNAMED) task.name = this.#what;
  }

  /** `GET /path`; the general name if the runtime does not tell any more. */
  get #what(): string {
    try {
      const { method, url } = this.#request;
      return `${method} ${new URL(url).pathname}`;
    } catch {
      return UNNAMED;
    }
  }
}
