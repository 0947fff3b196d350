/** What a task has done in the last seconds. @module */
import { type Lane, LANE_CELL_MS, LANE_CELLS } from "../protocol.ts";

/** A wait, as far as a lane names it. */
interface LaneWait {
  readonly what: string;
}

/** A piece of time. */
interface Cell {
  /** The number of the cell, counted from the clock's zero. */
  number: number;
  /** The milliseconds in which the task ran. */
  ran: number;
  /** What the task waited for most of the other time, and for how long. */
  what: string | undefined;
  waited: number;
}

/**
 * Records what a task does, in cells of a fixed time: however often the task
 * resumes, the record takes no more memory. Times are real time, in
 * milliseconds.
 */
export class LaneRecorder {
  readonly #cells: Cell[] = [];
  readonly #waits: Set<LaneWait>;
  #isRunning = false;
  /** Since when the task does what it does now. */
  #since: number;

  /** @param waits The waits that the task is in since `since`. */
  constructor(waits: Iterable<LaneWait>, since: number) {
    this.#waits = new Set(waits);
    this.#since = since;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  waits(wait: LaneWait, now: number): void {
    this.#note(now);
    this.#isRunning = false;
    this.#waits.add(wait);
  }

  woke(wait: LaneWait, now: number): void {
    if (!this.#waits.has(wait)) return;
    this.#note(now);
    this.#waits.delete(wait);
  }

  /** Notes that the task runs. */
  runs(now: number): void {
    this.#note(now);
    this.#isRunning = true;
  }

  /** Notes that the task does not run any more, as the turn is over. */
  stops(now: number): void {
    this.#note(now);
    this.#isRunning = false;
  }

  /** Returns the cells up to `now`. `numberOf` returns the number of a text. */
  read(now: number, numberOf: (text: string) => number): Lane {
    this.#note(now);
    const last = Math.floor(now / LANE_CELL_MS);
    const lane: [number, number, number][] = [];
    for (let number = last - LANE_CELLS + 1; number <= last; number++) {
      const cell = this.#cells[number % LANE_CELLS];
      const isKnown = cell?.number === number;
      const ran = isKnown ? Math.ceil(10 * cell.ran / LANE_CELL_MS) : 0;
      const text = isKnown && cell.what !== undefined
        ? numberOf(cell.what)
        : -1;
      const before = lane.at(-1);
      if (before?.[1] === ran && before[2] === text) before[0]++;
      else lane.push([1, ran, text]);
    }
    return lane;
  }

  /** Notes in the cells what the task did until `now`. */
  #note(now: number): void {
    const earliest = now - LANE_CELLS * LANE_CELL_MS;
    let from = Math.max(this.#since, earliest);
    this.#since = now;
    const [wait] = this.#isRunning ? [] : this.#waits;
    if (!this.#isRunning && wait === undefined) return;
    while (from < now) {
      const number = Math.floor(from / LANE_CELL_MS);
      const end = Math.min((number + 1) * LANE_CELL_MS, now);
      this.#add(this.#cell(number), end - from, wait?.what);
      from = end;
    }
  }

  #add(cell: Cell, time: number, what: string | undefined): void {
    if (what === undefined) cell.ran += time;
    else if (cell.what === what) cell.waited += time;
    else if (time > cell.waited) {
      cell.what = what;
      cell.waited = time;
    }
  }

  #cell(number: number): Cell {
    const index = number % LANE_CELLS;
    let cell = this.#cells[index];
    if (cell?.number !== number) {
      cell = { number, ran: 0, what: undefined, waited: 0 };
      this.#cells[index] = cell;
    }
    return cell;
  }
}
