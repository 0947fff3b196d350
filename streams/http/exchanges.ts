/** @module */
import {
  Exchange,
  type ExchangeOptions,
  type RequestHandler,
} from "./exchange.ts";
import { EndOfTurn } from "../buffer/end_of_turn.ts";
import { Changes } from "../server_waits.ts";
import {
  currentScope,
  currentVariables,
} from "../../tasks/kernel/context/current_scope.ts";
import { type EventLoop, getRunningLoop } from "../../tasks/event_loop.ts";
import { LinkedList } from "../../tasks/kernel/linked_list.ts";
import type { Loop } from "../../tasks/kernel/loop/loop.ts";
import type { Bindings } from "../../tasks/kernel/cancel/context_frame.ts";
import { CapacityLimiter } from "../../tasks/kernel/wait/capacity_limiter.ts";

/** How requests are answered. */
export interface ExchangesOptions {
  readonly handler: RequestHandler;
  readonly maxConcurrency: number;
  readonly requestTimeout: number;
}

/** The requests of a server that are being answered. */
export class Exchanges implements ExchangeOptions {
  readonly handler: RequestHandler;
  readonly requestTimeout: number;
  readonly limiter: CapacityLimiter | undefined;
  readonly eventLoop: EventLoop = getRunningLoop();
  readonly loop: Loop = currentScope().loop;
  readonly bindings: Bindings = currentVariables().bindings;
  /** Those that began in this turn of the runtime. */
  readonly #fresh = new LinkedList<Exchange>();
  readonly #endOfTurn = new EndOfTurn(() => this.#turnEnded());
  /** Those of earlier turns. */
  readonly #waiting = new Set<Exchange>();
  readonly changes: Changes = new Changes(() =>
    `HttpServer: ${this.size} requests`
  );

  constructor({ handler, maxConcurrency, requestTimeout }: ExchangesOptions) {
    this.handler = handler;
    this.requestTimeout = requestTimeout;
    this.limiter = maxConcurrency === Infinity
      ? undefined
      : new CapacityLimiter(maxConcurrency, "HttpServer's maxConcurrency");
  }

  get size(): number {
    return this.#waiting.size + this.#fresh.size;
  }

  /** Answers a request. */
  accept: Deno.ServeHandler = (request, info) =>
    this.loop.closed
      ? new Response(null, { status: 503 })
      : new Exchange(request, info, this).answer;

  begun(exchange: Exchange): void {
    this.#fresh.add(exchange);
    if (this.#fresh.size === 1) this.#endOfTurn.plan();
  }

  ended(exchange: Exchange): void {
    if (!this.#waiting.delete(exchange)) {
      this.#fresh.remove(exchange);
      if (this.#fresh.size === 0) this.#endOfTurn.cancel();
    }
    this.changes.notify();
  }

  #turnEnded(): void {
    for (const exchange of this.#fresh) {
      this.#fresh.remove(exchange);
      this.#waiting.add(exchange);
      exchange.watch();
    }
  }

  /** Cancels the tasks that have not ended. */
  cancelAll(message: string): void {
    for (const exchange of this.#underWay) exchange.cancel(message);
  }

  /** Answers what has no answer. */
  refuseAll(): void {
    for (const exchange of this.#underWay) exchange.refuse();
  }

  get #underWay(): Exchange[] {
    return [...this.#waiting, ...this.#fresh];
  }
}
