/** @module */

/** What a queue is called on the servers. */
export class Subjects {
  readonly name: string;
  /** The stream of the jobs that are not finished. */
  readonly jobs: string;
  /** The stream of the dead letters. */
  readonly dead: string;
  /** The stream of what is known of jobs that were given back. */
  readonly returned: string;
  /** The consumer that all workers share. */
  readonly workers = "workers";
  readonly #prefix: string;

  constructor(name: string) {
    this.name = name;
    this.jobs = `JOBS_${name}`;
    this.dead = `DEAD_JOBS_${name}`;
    this.returned = `RETURNED_JOBS_${name}`;
    this.#prefix = `jobs.${name}`;
  }

  /** Where a job is put. */
  get todo(): string {
    return `${this.#prefix}.todo`;
  }

  /** Where a dead letter is put. */
  get letters(): string {
    return `${this.#prefix}.dead`;
  }

  /** Where it is said how often a job was given back. */
  returns(key: string): string {
    return `${this.#prefix}.returned.${key}`;
  }

  /** Who waits says so, and what for comes as news. */
  get watching(): string {
    return `${this.#prefix}.watching`;
  }

  get news(): string {
    return `${this.#prefix}.news`;
  }

  /** Where jobs are asked for. */
  get next(): string {
    return `$JS.API.CONSUMER.MSG.NEXT.${this.jobs}.${this.workers}`;
  }

  get consumer(): string {
    return `${this.jobs}.${this.workers}`;
  }
}
