/**
 * Reports of cancels that have no effect. Either the code awaits something that
 * no cancel reaches, or it has caught the cancel and goes on.
 *
 * A cancelled scope is watched until it is closed. Most are closed in the same
 * turn of the loop. At the end of the turn, an alarm is set if one is not.
 *
 * @module
 */
import { quoted } from "../watch/safe_text.ts";
import { LinkedList, type LinkedNode } from "../linked_list.ts";
import type { Loop } from "../loop/loop.ts";
import { madeAt, userFrame } from "../watch/user_frame.ts";
import type { CancelScope } from "./cancel_scope.ts";

/** A scope that was cancelled and is not closed. */
export class WatchedCancel implements LinkedNode<WatchedCancel> {
  readonly scope: CancelScope;
  /** When the turn of the cancel has ended, in real time. */
  since: number | undefined = undefined;
  previousSibling: WatchedCancel | undefined = undefined;
  nextSibling: WatchedCancel | undefined = undefined;

  constructor(scope: CancelScope) {
    this.scope = scope;
  }
}

/** Tasks whose cancel was reported: once for each. */
const reported = new WeakSet<object>();

/** How many reports are made at a time at most. */
const MAX_REPORTS = 100;

/** The cancelled scopes of a loop, oldest first. */
export class CancelWatch {
  readonly #loop: Loop;
  readonly #watched = new LinkedList<WatchedCancel>();
  #isAlarmSet = false;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** Watches `scope`, until {@linkcode remove}. */
  add(scope: CancelScope): WatchedCancel {
    const watched = new WatchedCancel(scope);
    this.#watched.add(watched);
    this.#loop.planEndOfTurn();
    return watched;
  }

  remove(watched: WatchedCancel): void {
    this.#watched.remove(watched);
  }

  /** Called at the end of a turn. */
  endTurn(): void {
    const { first, last } = this.#watched;
    const { cancelReportAfter, closed } = this.#loop;
    if (first === undefined || closed || cancelReportAfter === Infinity) return;
    if (last!.since === undefined) this.#noteTime(performance.now());
    if (this.#isAlarmSet) return;
    const ms = first.since! + cancelReportAfter - performance.now();
    this.#setAlarm(Math.max(ms, 0));
  }

  #noteTime(now: number): void {
    for (
      let watched = this.#watched.last;
      watched !== undefined && watched.since === undefined;
      watched = watched.previousSibling
    ) watched.since = now;
  }

  /**
   * A timeout signal keeps no program alive, and no test takes it for a leaked
   * timer.
   */
  #setAlarm(ms: number): void {
    this.#isAlarmSet = true;
    const alarm = AbortSignal.timeout(Math.min(Math.ceil(ms), 2 ** 31 - 1));
    alarm.addEventListener("abort", () => {
      this.#isAlarmSet = false;
      if (!this.#loop.closed) this.#look();
    }, { once: true });
  }

  #look(): void {
    const now = performance.now();
    let reports = 0;
    for (const watched of [...this.#watched]) {
      const { since, scope } = watched;
      if (since === undefined) continue;
      const ms = now - since;
      if (ms < this.#loop.cancelReportAfter) break;
      if (scope.hasOwnLimit) {
        // It ends by itself: the time until the end of this turn does not count.
        watched.since = undefined;
        this.#watched.remove(watched);
        this.#watched.add(watched);
      } else {
        scope.stopWatching();
        const about = scope.task ?? scope;
        if (reported.has(about)) continue;
        reported.add(about);
        if (++reports <= MAX_REPORTS) this.#report(scope, ms);
      }
    }
    if (reports > MAX_REPORTS) {
      this.#loop.report({
        message: `${reports - MAX_REPORTS} more were cancelled and still run`,
      });
    }
    this.endTurn();
  }

  #report(scope: CancelScope, ms: number): void {
    const { task, error } = scope;
    const name = (task as { name?: string } | undefined)?.name;
    const subject = name === undefined
      ? "Code that runs in no task"
      : `Task ${quoted(name)}`;
    const why = error === undefined || error.message === ""
      ? ""
      : ` (${error.message}${placeOf(scope)})`;
    const message =
      `${subject} was cancelled ${secondsOf(ms)} ago${why} and still runs: ` +
      whatItDoes(scope);
    this.#loop.report({
      message,
      ...(task !== undefined && { task }),
    });
  }
}

/** In debug mode: where the timeout or group was begun. */
function placeOf(scope: CancelScope): string {
  const place = madeAt(scope);
  return place === undefined ? "" : `, begun at ${place}`;
}

function whatItDoes(scope: CancelScope): string {
  const waits = scope.waits.map((wait) => {
    const place = userFrame(wait.where);
    return place === undefined ? wait.what : `${wait.what} at ${place}`;
  }).join(" and ");
  if (scope.pending !== undefined) {
    return waits === ""
      ? "it awaits something that no cancel reaches, as it is not from this package"
      : `the cancel was handed on to ${waits}, which has not ended`;
  }
  return `it has caught the cancel, and now ${
    waits === ""
      ? "awaits something that is not from this package"
      : `waits in ${waits}`
  }`;
}

function secondsOf(ms: number): string {
  return ms < 995
    ? `${Math.round(ms)} ms`
    : `${Number((ms / 1000).toFixed(1))} s`;
}
