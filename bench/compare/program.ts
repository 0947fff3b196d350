/** The side of the measuring that asks: a program that answers line by line. */
import { createSubprocessExec, type Process } from "@asyncio/asyncio/process";
import { median, plan } from "./plan.ts";
import type { Answer, Round } from "./serve.ts";

export type Command = [string, ...string[]];

/** What runs a module that lies beside this one. */
export function denoCommand(module: string): Command {
  const { pathname } = new URL(module, import.meta.url);
  const flags = ["-A", "--no-lock", "--v8-flags=--expose-gc"];
  return [Deno.execPath(), "run", ...flags, pathname];
}

/** A program that runs, and waits to be asked. */
export class Program implements AsyncDisposable {
  readonly #command: Command;
  readonly #process: Process;

  private constructor(command: Command, process: Process) {
    this.#command = command;
    this.#process = process;
  }

  static async start(command: Command, ...args: string[]): Promise<Program> {
    const [program, ...own] = command;
    const process = await createSubprocessExec(program, [...own, ...args], {
      stdin: "piped",
      stdout: "piped",
      group: false,
    });
    return new Program(command, process);
  }

  /** Says a line, and gives the line that comes back. */
  ask<A>(question: unknown): Promise<A> {
    this.#process.stdin!.write(JSON.stringify(question) + "\n");
    return this.hear();
  }

  async hear<A>(): Promise<A> {
    const line = await this.#process.stdout!.readLine();
    if (line.length > 0) return JSON.parse(new TextDecoder().decode(line));
    const code = await this.#process.wait();
    throw new Error(`${this.#command.join(" ")} has ended with ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Rounds of one kind, until there are enough of them. */
export class Rounds {
  readonly #program: Program;
  readonly #round: Round;
  readonly #few: number;
  readonly #times: number[] = [];
  #spent = 0;

  constructor(
    program: Program,
    units: number,
    { fewRounds = plan.fewRounds }: { fewRounds?: number } = {},
  ) {
    this.#program = program;
    this.#round = { units, ms: plan.ms };
    this.#few = fewRounds;
  }

  #isEnough(rounds: number, wanted: number, few: number): boolean {
    return rounds >= (this.#spent < plan.patience ? wanted : few);
  }

  get areEnough(): boolean {
    return this.#isEnough(this.#times.length, plan.rounds, this.#few);
  }

  /** Nanoseconds for each unit. */
  get median(): number {
    return median(this.#times);
  }

  async warmUp(): Promise<void> {
    for (let i = 0; !this.#isEnough(i, plan.warmups, 1); i++) await this.#ask();
    this.#spent = 0;
  }

  async next(): Promise<void> {
    this.#times.push(await this.#ask());
  }

  async #ask(): Promise<number> {
    const start = performance.now();
    const { ns } = await this.#program.ask<Answer>(this.#round);
    this.#spent += performance.now() - start;
    return ns;
  }
}
