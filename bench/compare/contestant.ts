/** The side of the measuring that asks: a contestant's program, at one work. */
import { createSubprocessExec, type Process } from "@asyncio/asyncio/process";
import type { Contestant } from "./contestants.ts";
import type { Answer, Round } from "./serve.ts";

/** A program that waits to be asked for the next round. */
export class Running implements AsyncDisposable {
  readonly contestant: Contestant;
  readonly #process: Process;

  private constructor(contestant: Contestant, process: Process) {
    this.contestant = contestant;
    this.#process = process;
  }

  static async start(contestant: Contestant, work: string): Promise<Running> {
    const [program, ...args] = contestant.command;
    const process = await createSubprocessExec(program, [...args, work], {
      stdin: "piped",
      stdout: "piped",
      group: false,
    });
    return new Running(contestant, process);
  }

  /** Gives the nanoseconds for each unit. */
  async round(round: Round): Promise<number> {
    this.#process.stdin!.write(JSON.stringify(round) + "\n");
    const line = await this.#process.stdout!.readLine();
    if (line.length === 0) {
      const code = await this.#process.wait();
      throw new Error(`${this.contestant.title} has ended with ${code}`);
    }
    const answer: Answer = JSON.parse(new TextDecoder().decode(line));
    return answer.ns;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
