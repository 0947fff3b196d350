/** The names of streams, subjects and consumers of a queue. @module */
import {
  DEFAULT_PRIORITY,
  PRIORITIES,
  type Priority,
} from "../jobs/settings.ts";

/**
 * The jobs of one priority, delayed or not. They have a subject and a consumer of
 * their own. Delayed jobs are apart, so that they hold up none that is due.
 */
export interface Line {
  readonly priority: Priority;
  readonly delayed: boolean;
}

/** All lines: the most urgent first, and in each priority delayed jobs first. */
export const LINES: readonly Line[] = PRIORITIES.flatMap((priority) => [
  { priority, delayed: true },
  { priority, delayed: false },
]);

/** The line of jobs that are put without options: it always has a consumer. */
export const PLAIN_LINE: Line = LINES.find(({ priority, delayed }) =>
  priority === DEFAULT_PRIORITY && !delayed
)!;

/** The names of streams, and the subjects, of a queue. */
export class Subjects {
  readonly name: string;
  /** The stream of the jobs that are not finished. */
  readonly jobs: string;
  /** The stream of the dead letters. */
  readonly dead: string;
  /** The stream of notes on jobs that were given back. */
  readonly returned: string;
  /** The stream of what all processes share: pauses, limits, schedules. */
  readonly state: string;
  /** The stream of the outcomes of jobs. */
  readonly results: string;
  readonly #prefix: string;
  readonly #todo = new Map<Line, string>();

  constructor(name: string) {
    this.name = name;
    this.jobs = `JOBS_${name}`;
    this.dead = `DEAD_JOBS_${name}`;
    this.returned = `RETURNED_JOBS_${name}`;
    this.state = `STATE_JOBS_${name}`;
    this.results = `RESULTS_JOBS_${name}`;
    this.#prefix = `jobs.${name}`;
    for (const line of LINES) this.#todo.set(line, this.#todoOf(line));
  }

  /** The subject of the jobs of a line. */
  todo(line: Line): string {
    return this.#todo.get(line)!;
  }

  #todoOf({ priority, delayed }: Line): string {
    if (delayed) return `${this.#prefix}.delayed.${priority}`;
    return priority === DEFAULT_PRIORITY
      ? `${this.#prefix}.todo`
      : `${this.#prefix}.todo.${priority}`;
  }

  /** All subjects of jobs. */
  get allTodo(): string[] {
    return ["todo", "todo.*", "delayed.*"].map((it) => `${this.#prefix}.${it}`);
  }

  /** All subjects of the queue. */
  get all(): string {
    return `${this.#prefix}.>`;
  }

  /** The line of the jobs on `subject`. */
  lineOf(subject: string): Line | undefined {
    return LINES.find((line) => this.todo(line) === subject);
  }

  /** The subject of dead letters. */
  get letters(): string {
    return `${this.#prefix}.dead`;
  }

  /** The subject of the note on a job that was given back. */
  returns(key: string): string {
    return `${this.#prefix}.returned.${key}`;
  }

  /** The subject on which a process reports that it waits for done notices. */
  get watching(): string {
    return `${this.#prefix}.watching`;
  }

  /** The subject of done notices. */
  get news(): string {
    return `${this.#prefix}.news`;
  }

  /** The subject on which changes are reported to all processes. */
  get control(): string {
    return `${this.#prefix}.control`;
  }

  /** The subject on which all processes are asked for the jobs that they hold. */
  get holders(): string {
    return `${this.#prefix}.holders`;
  }

  /** The subject on which all processes are asked what they know of jobs. */
  get known(): string {
    return `${this.#prefix}.known`;
  }

  /** The subject on which it is reported that a job of a key has ended. */
  get freed(): string {
    return `${this.#prefix}.freed`;
  }

  /** The subject of the outcome of a job. */
  result(token: string): string {
    return `${this.#prefix}.result.${token}`;
  }

  /** The subject of a record that all processes share. */
  shared(what: string, token?: string): string {
    const rest = token === undefined ? what : `${what}.${token}`;
    return `${this.#prefix}.state.${rest}`;
  }
}

/**
 * The name of the consumer of a line. If a stream was deleted and made again, its
 * consumers have other names, so that settling an old job settles no new one.
 */
export function consumerOf(
  { priority, delayed }: Line,
  incarnation: string,
): string {
  const name = delayed
    ? `delayed-${priority}`
    : priority === DEFAULT_PRIORITY
    ? "workers"
    : `workers-${priority}`;
  return incarnation === "" ? name : `${name}_${incarnation}`;
}

/** The line of a consumer. */
export function lineOfConsumer(consumer: string): Line {
  const [, kind, digit] = /^(workers|delayed)(?:-(\d))?/.exec(consumer) ?? [];
  const priority = digit === undefined ? DEFAULT_PRIORITY : Number(digit);
  const delayed = kind === "delayed";
  return LINES.find((line) =>
    line.priority === priority && line.delayed === delayed
  ) ?? PLAIN_LINE;
}

/** Makes one part of a subject of a text: the text itself, or its hash. */
export async function tokenOf(text: string): Promise<string> {
  if (/^[A-Za-z0-9_-]{1,60}$/.test(text)) return `-${text}`;
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (it) => it.toString(16).padStart(2, "0")).join("");
}
