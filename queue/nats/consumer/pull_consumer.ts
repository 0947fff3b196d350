/** @module */
import type { EventLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Msg, Subscription } from "../transport/client.ts";
import { type Delivery, deliveryOf } from "./delivery.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import { nanoseconds } from "../transport/nanoseconds.ts";

/** How long the servers keep a request for jobs. */
const EXPIRES = 3000;

/** How much later it is taken for lost, with no word from them. */
const GRACE = 1000;

/** After a refusal. */
const PAUSE = 250;

/** A request for `left` more jobs. */
interface Pull {
  readonly number: number;
  left: number;
  readonly alarm: TimerHandle;
}

/** What pulls are for. */
export interface PullEvents {
  /** How many jobs are waited for. */
  wanted(): number;
  arrived(delivery: Delivery): void;
  /** For the whole time of a request nothing came. */
  idle(): void;
  /** A request was lost, or refused: is the queue still there? */
  check(): Promise<void>;
}

/**
 * Asks the servers for as many jobs as are waited for, and no more: none lies
 * here, on a lease that runs, with nobody to work on it.
 */
export class PullConsumer {
  readonly #link: ReconnectingConnection;
  readonly #loop: EventLoop;
  readonly #from: string;
  readonly #events: PullEvents;
  readonly #inbox: string = `_INBOX.${crypto.randomUUID()}`;
  readonly #subscription: Subscription;
  /** Oldest first; jobs do not say which request they are for. */
  readonly #pulls = new Map<number, Pull>();
  #asked = 0;
  #numbers = 0;
  #planned = false;
  /** Set while it rests after a refusal. */
  #rested: TimerHandle | undefined = undefined;
  #stopped = false;

  constructor(
    link: ReconnectingConnection,
    loop: EventLoop,
    from: string,
    events: PullEvents,
  ) {
    this.#link = link;
    this.#loop = loop;
    this.#from = from;
    this.#events = events;
    this.#subscription = link.subscribe(
      `${this.#inbox}.*`,
      (message) => this.#heard(message),
    );
    link.onChange(() => this.#forget());
  }

  /** Lets one request be made for all that begin to wait now. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#pull();
    });
  }

  /** No more requests; what is on its way by now has arrived after this. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rested?.cancel();
    const arrived = this.#link.up ? this.#subscription.drain() : undefined;
    this.#clear();
    await arrived;
  }

  #pull(): void {
    const batch = this.#events.wanted() - this.#asked;
    if (batch <= 0 || this.#stopped || !this.#link.up) return;
    if (this.#rested !== undefined) return;
    const number = this.#numbers++;
    const alarm = this.#loop.callLater(
      EXPIRES + GRACE,
      () => this.#lost(number),
    );
    this.#pulls.set(number, { number, left: batch, alarm });
    this.#asked += batch;
    this.#link.publish(
      this.#from,
      JSON.stringify({ batch, expires: nanoseconds(EXPIRES) }),
      { reply: `${this.#inbox}.${number}` },
    );
  }

  #heard(message: Msg): void {
    const delivery = deliveryOf(message);
    if (delivery !== undefined) {
      this.#take(1);
      this.#events.arrived(delivery);
      this.plan();
      return;
    }
    const number = Number(message.subject.slice(this.#inbox.length + 1));
    const status = message.headers?.code;
    if (status === 100 || !this.#pulls.has(number)) return;
    const left = message.headers?.get("Nats-Pending-Messages") || undefined;
    this.#end(number, left === undefined ? undefined : Number(left));
    if (status !== 408 && status !== 404) return this.#rest();
    this.#events.idle(); // its time is up
    this.plan();
  }

  /** Counts `count` jobs as arrived, for the oldest requests. */
  #take(count: number): void {
    for (const [number, pull] of this.#pulls) {
      if (count === 0) return;
      const taken = Math.min(count, pull.left);
      count -= taken;
      pull.left -= taken;
      this.#asked -= taken;
      if (pull.left === 0) this.#drop(number, pull);
    }
  }

  /** The request is over, and `left` of its jobs will not come. */
  #end(number: number, left?: number): void {
    const pull = this.#pulls.get(number)!;
    const missing = left === undefined ? 0 : left - pull.left;
    this.#asked -= pull.left;
    this.#drop(number, pull);
    if (missing > 0) this.#take(missing); // were counted for this one
  }

  #drop(number: number, pull: Pull): void {
    pull.alarm.cancel();
    this.#pulls.delete(number);
  }

  #lost(number: number): void {
    if (!this.#pulls.has(number)) return;
    this.#end(number);
    this.#rest();
  }

  /** Something is wrong: asks again after a pause, if the queue is there. */
  #rest(): void {
    if (this.#stopped || this.#rested !== undefined) return;
    this.#rested = this.#loop.callLater(PAUSE, async () => {
      await this.#events.check();
      this.#rested = undefined;
      this.plan();
    });
  }

  /** With the connection go the requests that were made through it. */
  #forget(): void {
    this.#clear();
    this.plan();
  }

  #clear(): void {
    for (const [number, pull] of this.#pulls) this.#drop(number, pull);
    this.#asked = 0;
  }
}
