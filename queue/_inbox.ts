/** @module */
import { Channel } from "./_channel.ts";
import { LaggedError, QueueShutDownError } from "./errors.ts";
import { Ring } from "./store/ring.ts";

/** What becomes of an item for which a subscription has no room. */
export type InboxOverflow = "wait" | "dropOldest" | "fail";

/** The side of a broadcast that an inbox sees. */
export interface Hub<T> {
  /** There may be room in `inbox` now, or none any more. */
  roomChanged(inbox: Inbox<T>): void;
}

/** The items published for one subscription, until it takes them. */
export class Inbox<T> extends Channel<T> {
  /** The number of the first item that it is to get. */
  readonly from: number;
  /** How many items it was to get, and did not. */
  missed = 0;
  /** Whether those who publish wait for it. */
  isBlocking = false;
  readonly #policy: InboxOverflow;
  readonly #hub: Hub<T>;
  #hasLagged = false;

  constructor(
    maxSize: number,
    options: { policy: InboxOverflow; hub: Hub<T>; from: number },
  ) {
    super(maxSize, new Ring<T>(), "Subscription");
    this.#policy = options.policy;
    this.#hub = options.hub;
    this.from = options.from;
  }

  override get end(): Error {
    if (this.#hasLagged) return new LaggedError(this.missed);
    return new QueueShutDownError("get from a subscription that has ended");
  }

  override get hasFailed(): boolean {
    return this.#hasLagged;
  }

  /** Whether a publisher has to wait for room in here. */
  get isBlocked(): boolean {
    return this.full && this.#policy === "wait" && !this.isShutdown;
  }

  /** Takes an item that was published; whoever has to wait for room has. */
  deliver(item: T): void {
    if (this.isShutdown) this.missed++;
    else if (!this.full) this.accept(item);
    else if (this.#policy === "fail") {
      this.missed++;
      this.#hasLagged = true;
      this.isShutdown = true; // what is in it is still given
    } else {
      this.items.take();
      this.missed++;
      this.accept(item);
    }
    if (this.isBlocked) this.#hub.roomChanged(this);
  }

  override take(): T {
    const item = super.take();
    if (this.isBlocking) this.#hub.roomChanged(this);
    return item;
  }

  override shutdown(immediate: boolean): void {
    super.shutdown(immediate);
    if (this.isBlocking) this.#hub.roomChanged(this);
  }
}
