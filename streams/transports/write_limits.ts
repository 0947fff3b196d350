/** @module */
import type { ProtocolCalls } from "./protocol_calls.ts";
import type { BaseProtocol } from "./base.ts";
import type { WriteBufferLimits } from "./transport.ts";
import { describe } from "../../tasks/kernel/types.ts";

const DEFAULT_HIGH_WATER = 65536;

/** Pauses and resumes the writing of a protocol, in pairs. */
export class WriteLimits {
  #high = DEFAULT_HIGH_WATER;
  #low = DEFAULT_HIGH_WATER / 4;
  #paused = false;

  get limits(): { low: number; high: number } {
    return { low: this.#low, high: this.#high };
  }

  /** @throws {RangeError} Not `high >= low >= 0`. */
  set({ high, low }: WriteBufferLimits): void {
    const top = high ??
      (low === undefined ? DEFAULT_HIGH_WATER : 4 * low);
    const bottom = low ?? Math.floor(top / 4);
    if (!(top >= bottom && bottom >= 0)) {
      throw new RangeError(
        `Cannot set the limits: they are high >= low >= 0, received high ${
          describe(top)
        } and low ${describe(bottom)}`,
      );
    }
    this.#high = top;
    this.#low = bottom;
  }

  /** `size` bytes are unsent, more than before. */
  grown(size: number, protocol: BaseProtocol, calls: ProtocolCalls): void {
    if (size <= this.#high || this.#paused) return;
    this.#paused = true;
    calls.call("pauseWriting", () => protocol.pauseWriting?.());
  }

  /** `size` bytes are unsent, fewer than before. */
  shrunk(size: number, protocol: BaseProtocol, calls: ProtocolCalls): void {
    if (!this.#paused || size > this.#low) return;
    this.#paused = false;
    calls.call("resumeWriting", () => protocol.resumeWriting?.());
  }
}
