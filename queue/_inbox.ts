/** @module */
import type { Dispenser } from "../tasks/kernel/cancel/contest.ts";
import { Channel } from "./_channel.ts";
import { LaggedError, QueueShutDownError } from "./errors.ts";
import { Ring } from "./store/ring.ts";

/** What a full subscription does with an item. */
export type InboxOverflow = "wait" | "dropOldest" | "fail";

/** The part of a broadcast that an inbox uses. */
export interface Hub<T> extends Dispenser {
  /** Called when `inbox` may have become full, or no longer full. */
  roomChanged(inbox: Inbox<T>): void;
}

/** The published items that one subscription has not taken yet. */
export class Inbox<T> extends Channel<T> {
  /** The number of the first item that is for this inbox. */
  readonly from: number;
  /** How many items were dropped. */
  missed = 0;
  /** Whether the hub counts this inbox among those that publishers wait for. */
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
    return new QueueShutDownError("Cannot get: the subscription has ended");
  }

  override get hasFailed(): boolean {
    return this.#hasLagged;
  }

  /** Whether publishers have to wait for room in this inbox. */
  get isBlocked(): boolean {
    return this.full && this.#policy === "wait" && !this.isShutdown;
  }

  /** Takes a published item, or drops one if there is no room. */
  deliver(item: T): void {
    if (this.isShutdown) this.missed++;
    else if (!this.full) this.accept(item);
    else if (this.#policy === "fail") {
      this.missed++;
      this.#hasLagged = true;
      this.isShutdown = true; // the items in it can still be taken
    } else {
      this.items.take();
      this.missed++;
      this.accept(item);
    }
    if (this.isBlocked) this.#hub.roomChanged(this);
  }

  protected override roomMade(): void {
    if (this.isBlocking) this.#hub.roomChanged(this);
  }

  override shutdown(immediate: boolean): void {
    super.shutdown(immediate);
    this.roomMade();
  }
}
