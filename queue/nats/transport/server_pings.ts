/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { NatsConnection } from "./client.ts";
import { steadyClock } from "./deadline.ts";

/** The interval of pings, in milliseconds. */
const SHORTEST_PING = 20, LONGEST_PING = 1000;

/** After how many milliseconds without an answer a server counts as silent. */
const SHORTEST_SILENCE = 300, LONGEST_SILENCE = 5000;

/**
 * Pings the server of a connection: to use another one if it has stopped without
 * closing its connections, and to know how old a message may be.
 */
export class ServerPings {
  readonly #connection: NatsConnection;
  readonly #loop = getRunningLoop();
  #interval = LONGEST_PING;
  /** For how many intervals a server may be silent. */
  #mostUnanswered = LONGEST_SILENCE / LONGEST_PING;
  #timer: TimerHandle | undefined = undefined;
  /** For how many intervals a ping has had no answer; 0 if none is under way. */
  #unanswered = 0;
  #sentAfter = steadyClock.now();
  #isConnected = true;
  #isStopped = false;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /**
   * Pings the server often enough for leases of `lease` milliseconds. If a server
   * has stopped without closing its connections, another one is used within a sixth
   * of that, and {@linkcode sentAfter} is never older than a tenth.
   */
  watch(lease: number): void {
    const silence = Math.min(
      Math.max(lease / 6, SHORTEST_SILENCE),
      LONGEST_SILENCE,
    );
    this.#interval = Math.min(
      Math.max(lease / 20, SHORTEST_PING),
      LONGEST_PING,
    );
    this.#mostUnanswered = Math.ceil(silence / this.#interval);
    this.#timer?.cancel();
    this.#plan();
  }

  #plan(): void {
    if (this.#isStopped) return;
    this.#timer = this.#loop.callLater(this.#interval, () => {
      this.#plan();
      // Intervals are counted, not time: this process may have been stopped.
      if (!this.#isConnected) this.#unanswered = 0;
      else if (this.#unanswered === 0) this.ping();
      else if (++this.#unanswered > this.#mostUnanswered) {
        this.#unanswered = 0;
        this.#connection.reconnect();
      }
    });
  }

  ping(): void {
    if (!this.#isConnected || this.#isStopped) return;
    const sent = steadyClock.now();
    this.#unanswered = 1;
    this.#connection.flush().then(() => {
      this.#unanswered = 0;
      this.#sentAfter = Math.max(this.#sentAfter, sent);
    }, () => {}); // the connection was lost
  }

  /**
   * Messages that are read now were sent after this time of the {@linkcode
   * steadyClock}. If this process was stopped, old messages wait in its socket. But
   * what comes after the answer to a ping was sent after the ping.
   */
  get sentAfter(): number {
    return this.#sentAfter;
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  reconnected(): void {
    this.#isConnected = true;
    this.#unanswered = 0;
    this.#sentAfter = steadyClock.now();
  }

  /** The connection has ended: there are no more pings. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }
}
