/** How much happens from one sample to the next. @module */
import type { Activity, Snapshot, Watched } from "../protocol.ts";

/** What happens in a second. */
export interface RatesOfLoop {
  readonly stepsPerSecond: number;
  readonly madePerSecond: number;
  readonly endedPerSecond: number;
  /** The greatest delay of timers in the last second, in milliseconds. */
  readonly late: number;
  readonly lateInMinute: number;
}

/** What is known of the program at a time. */
export interface Sample extends Watched {
  readonly rates: RatesOfLoop;
  /** How many steps each task takes in a second, by its id. */
  readonly stepRates: ReadonlyMap<number, number>;
}

/** Compares each sample with the one before. */
export class Rates {
  #before: Watched | undefined = undefined;

  next(watched: Watched): Sample {
    const before = this.#before?.activity;
    const { activity, snapshot } = watched;
    const isNew = before === undefined || activity.time < before.time;
    const seconds = (activity.time - (isNew ? 0 : before.time)) / 1000;
    const perSecond = (now: number, then: number) =>
      seconds > 0 ? Math.max(Math.round((now - then) / seconds), 0) : 0;
    const rate = (of: "steps" | "made" | "ended") =>
      perSecond(activity[of], isNew ? 0 : before[of]);
    const stepsBefore = stepsIn(isNew ? undefined : this.#before?.snapshot);
    this.#before = watched;
    return {
      ...watched,
      rates: {
        stepsPerSecond: rate("steps"),
        madePerSecond: rate("made"),
        endedPerSecond: rate("ended"),
        ...lateness(activity),
      },
      stepRates: new Map(
        snapshot.tasks.map(({ id, steps }) => [
          id,
          perSecond(steps, stepsBefore.get(id) ?? 0),
        ]),
      ),
    };
  }
}

function stepsIn(snapshot: Snapshot | undefined): Map<number, number> {
  return new Map(snapshot?.tasks.map(({ id, steps }) => [id, steps]));
}

/**
 * The last second is the current one and the one before, as that may have just
 * begun.
 */
function lateness({ late }: Activity) {
  const most = (values: readonly number[]) =>
    Math.round(Math.max(0, ...values));
  return { late: most(late.slice(-2)), lateInMinute: most(late) };
}
