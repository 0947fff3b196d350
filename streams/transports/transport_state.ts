/** @module */
import type { ProtocolCalls } from "./protocol_calls.ts";
import type { BaseProtocol } from "./base.ts";
import { untilSentAtOnce } from "../socket/io_turns.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { sleep } from "../../tasks/sleep.ts";

/** This many writes after the end are reported. */
const MANY_WRITES = 5;

/** The transport that a state is of. */
export interface StateOwner {
  getProtocol(): BaseProtocol;
  /** Lets go of what the transport holds: `connectionLost` has been called. */
  release(): void;
}

/**
 * How far a transport is from its end.
 *
 * ```text
 * open ── close() ──► closing ── all is sent ──► lost ── connectionLost ──► closed
 *   └──────────────── abort(), a failure ─────────►┘
 * ```
 */
export class TransportState {
  readonly #owner: StateOwner;
  readonly #calls: ProtocolCalls;
  #state: "open" | "closing" | "lost" | "closed" = "open";
  #droppedWrites = 0;

  constructor(owner: StateOwner, calls: ProtocolCalls) {
    this.#owner = owner;
    this.#calls = calls;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get isClosing(): boolean {
    return this.#state === "closing";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** In a word, for `console.log`. */
  get name(): string {
    return this.#state;
  }

  /** False, and nothing happened, if it was not open. */
  close(): boolean {
    if (!this.isOpen) return false;
    this.#state = "closing";
    return true;
  }

  /**
   * Calls `connectionLost` soon; false, and nothing happened, if it was lost
   * before.
   */
  lose(error: unknown): boolean {
    if (this.#state === "lost" || this.isClosed) return false;
    this.#state = "lost";
    this.#calls.soon("protocol.connectionLost", () => this.#lost(error));
    return true;
  }

  /** All is sent: calls `connectionLost` now, if it was to be closed. */
  finish(): void {
    if (!this.isClosing) return;
    this.#state = "lost";
    this.#calls.call("connectionLost", () => this.#lost(undefined));
  }

  /** Something was written after the end. */
  dropped(): void {
    if (++this.#droppedWrites !== MANY_WRITES) return;
    const protocol = this.#owner.getProtocol().constructor.name;
    this.#calls.loop.report({
      message:
        `${protocol} goes on writing to a transport that is closed: all of it is dropped`,
    });
  }

  #lost(error: unknown): void {
    try {
      this.#owner.getProtocol().connectionLost?.(error);
    } finally {
      this.#state = "closed";
      this.#owner.release();
    }
  }
}

/** Closes it, sends what the peer takes at once, and drops the rest. */
export async function dispose(
  transport: { close(): void; abort(): void },
  state: TransportState,
): Promise<void> {
  transport.close();
  await untilSentAtOnce(() => state.isClosed);
  transport.abort();
  while (!state.isClosed) await detached(() => sleep(0));
}
