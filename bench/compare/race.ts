/**
 * The same work by all who can do it, in alternating rounds: what else the
 * machine does meets all of them alike.
 */
import type { Contestant, PeerName } from "./contestants.ts";
import { Running } from "./contestant.ts";
import { isEnough, median, plan } from "./plan.ts";
import type { Round } from "./serve.ts";
import { infoOf, type WorkName } from "./works.ts";

export interface Result {
  work: WorkName;
  /** Nanoseconds for each unit, the median of the rounds. */
  ns: Map<PeerName, number>;
}

/** One of them, and its times. */
class Runner {
  readonly running: Running;
  readonly times: number[] = [];
  readonly #round: Round;
  #spent = 0;

  constructor(running: Running, round: Round) {
    this.running = running;
    this.#round = round;
  }

  get hasEnough(): boolean {
    return isEnough(this.times.length, plan.rounds, this.#spent);
  }

  async warmUp(): Promise<void> {
    const start = performance.now();
    let rounds = 0;
    while (!isEnough(rounds, plan.warmups, performance.now() - start)) {
      await this.running.round(this.#round);
      rounds++;
    }
  }

  async run(): Promise<void> {
    const start = performance.now();
    this.times.push(await this.running.round(this.#round));
    this.#spent += performance.now() - start;
  }
}

export async function race(
  work: WorkName,
  contestants: Contestant[],
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const units = Math.min(infoOf(work).size, plan.maxUnits);
  const round = { units, ms: plan.ms };
  const runners: Runner[] = [];
  for (const contestant of contestants) {
    if (!contestant.works.has(work)) continue;
    const running = stack.use(await Running.start(contestant, work));
    runners.push(new Runner(running, round));
  }
  for (const runner of runners) await runner.warmUp();
  let open = runners;
  while (open.length > 0) {
    for (const runner of open) await runner.run();
    open = open.filter((runner) => !runner.hasEnough);
  }
  const ns = new Map(
    runners.map(({ running, times }) => [
      running.contestant.name,
      median(times),
    ]),
  );
  return { work, ns };
}
