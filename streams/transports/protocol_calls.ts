/** @module */
import { rootFrame } from "../../tasks/kernel/cancel/cancel_scope.ts";
import type { ContextFrame } from "../../tasks/kernel/cancel/context_frame.ts";
import {
  copyVariables,
  currentFrame,
  currentScope,
  runInFrame,
} from "../../tasks/kernel/context/current_scope.ts";
import { Callback } from "../../tasks/kernel/context/callback.ts";
import { BoundCallback } from "../../tasks/kernel/loop/bound_calls.ts";
import type { Loop } from "../../tasks/kernel/loop/loop.ts";

/**
 * Calls the methods of a protocol: on the loop that its transport was made on,
 * with the context variables of that moment, in no task.
 */
export class ProtocolCalls {
  readonly loop: Loop;
  readonly #frame: ContextFrame;

  constructor() {
    this.loop = currentScope().loop;
    this.#frame = rootFrame(this.loop, copyVariables());
  }

  /** Calls `fn` as if the loop did, and what it starts as well. */
  enter<T>(fn: () => T): T {
    // Entering costs more than most of what is called.
    return currentFrame() === this.#frame ? fn() : runInFrame(this.#frame, fn);
  }

  /** Calls `fn` after what is ready now; an error is reported. */
  soon(name: string, fn: () => void): void {
    const { loop } = this;
    this.enter(() => loop.soon(new Callback(loop, fn, name)));
  }

  /**
   * Calls `fn` in the next turn: what was awaited before has resumed by then.
   */
  nextTurn(fn: () => void): void {
    this.enter(() =>
      this.loop.defer(
        new BoundCallback({ runsUserCode: true, run: () => this.enter(fn) }),
      )
    );
  }

  /** Calls a method; if it throws, the error is reported and has no other effect. */
  call(name: string, fn: () => void): void {
    const start = this.begin();
    try {
      this.enter(fn);
    } catch (error) {
      this.report(`Exception in callback protocol.${name}()`, error);
    }
    this.end(name, start);
  }

  report(message: string, error: unknown): void {
    this.enter(() => this.loop.report({ message, error }));
  }

  /** The time, if calls are watched; else 0. */
  begin(): number {
    return this.loop.observer === undefined ? 0 : performance.now();
  }

  /** Tells the loop's observer, if there is one, how long a method took. */
  end(name: string, start: number): void {
    const { observer } = this.loop;
    if (observer === undefined) return;
    const took = performance.now() - start;
    observer.called({
      name: `protocol.${name}`,
      frame: undefined,
      start,
      took,
    });
  }
}
