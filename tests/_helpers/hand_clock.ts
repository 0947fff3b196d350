import { type Clock, type Coroutine, Runner } from "@asyncio/asyncio/tasks";

type Loop = Parameters<Clock["connect"]>[0];

/** A clock that stands until it is moved; what is due happens in that call. */
export class HandClock implements Clock {
  #now = 0;
  #loop: Loop | undefined;

  now(): number {
    return this.#now;
  }

  connect(loop: Loop): ReturnType<Clock["connect"]> {
    this.#loop = loop;
    return { set() {} };
  }

  advance(ms: number): void {
    this.#now += ms;
    this.#loop?.ring();
  }

  /** Makes something that lives on a loop with this clock, which stays open. */
  make<T>(make: Coroutine<T>): Promise<T> {
    return new Runner({ clock: this }).run(make);
  }
}
