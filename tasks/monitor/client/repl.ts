/** Runs code in the program, as it is typed. @module */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { cancellable } from "../../cancellable.ts";
import { safeLines } from "../../kernel/watch/safe_text.ts";
import type { Evaluated } from "../protocol.ts";
import type { CommandLine } from "./command_line.ts";
import { type Connection, describeBusy } from "./connection.ts";
import { paint, print, printJson } from "./output.ts";
import { programOf } from "./words.ts";

const PROMPT = ">>> ";
const MORE_PROMPT = "... ";

/** Runs code line by line. Resolves to 1 if some of it threw. */
export async function repl(
  program: Connection,
  { json }: CommandLine,
): Promise<number> {
  const isTyped = Deno.stdin.isTerminal();
  const lines = createInterface({
    input: process.stdin,
    output: isTyped ? process.stdout : undefined,
    terminal: isTyped,
    prompt: PROMPT,
  });
  if (isTyped) {
    print(
      `${programOf(program.hello)}: tasks, cancel(task), asyncio; Ctrl-D ends`,
    );
  }
  const session = new Session(program, lines, json, isTyped);
  try {
    return await session.run();
  } finally {
    lines.close();
  }
}

class Session {
  readonly #program: Connection;
  readonly #lines: Interface;
  readonly #json: boolean;
  readonly #isTyped: boolean;
  #isRunning = false;
  #code = "";

  constructor(
    program: Connection,
    lines: Interface,
    json: boolean,
    isTyped: boolean,
  ) {
    this.#program = program;
    this.#lines = lines;
    this.#json = json;
    this.#isTyped = isTyped;
  }

  async run(): Promise<number> {
    let code = 0;
    this.#lines.on("SIGINT", () => this.#interrupt());
    this.#prompt();
    const typed = this.#lines[Symbol.asyncIterator]();
    while (true) {
      const { done, value } = await cancellable(typed.next());
      if (done) break;
      this.#code += `${value}\n`;
      if (this.#code.trim() !== "" && !await this.#evaluate()) code = 1;
      this.#prompt();
    }
    if (this.#code.trim() !== "") {
      console.error("the code is not complete");
      return 1;
    }
    return this.#isTyped ? 0 : code;
  }

  #prompt(): void {
    if (!this.#isTyped) return;
    this.#lines.setPrompt(this.#code === "" ? PROMPT : MORE_PROMPT);
    this.#lines.prompt();
  }

  /** Ctrl-C: cancels the code that runs, or else forgets what was typed. */
  #interrupt(): void {
    if (this.#isRunning) {
      this.#program.request({ op: "interrupt" }).catch(() => {});
      return;
    }
    this.#code = "";
    print("");
    this.#prompt();
  }

  /** Runs what was typed, if it is complete. Resolves to false if it threw. */
  async #evaluate(): Promise<boolean> {
    this.#isRunning = true;
    const code = this.#code;
    const evaluated = await this.#program.request<Evaluated>(
      { op: "evaluate", code },
      (busy) => console.error(describeBusy(busy)),
    ).finally(() => this.#isRunning = false);
    if ("incomplete" in evaluated) return true;
    this.#code = "";
    if (this.#json) printJson(evaluated);
    else if ("value" in evaluated) {
      if (evaluated.value !== "undefined") print(safeLines(evaluated.value));
    } else if (this.#isTyped) print(paint("red", safeLines(evaluated.thrown)));
    else console.error(safeLines(evaluated.thrown));
    return "value" in evaluated;
  }
}
