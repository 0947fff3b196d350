/** Real programs as peers. @module */
import { has } from "../_helpers/installed.ts";
import type { Folder } from "../_helpers/folder.ts";

/**
 * Defines a test that needs these programs; where one is missing it is skipped.
 */
export function testWith(
  programs: string[],
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({ name, fn, ignore: !programs.every(has) });
}

/** What a program prints, given some input. */
export async function outputOf(
  command: string,
  args: string[],
  input = "",
): Promise<string> {
  const child = new Deno.Command(command, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(input));
  await stdin.close();
  const { stdout, stderr, success } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** A program that serves until it is disposed. */
export class ServerProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** The first line that it prints. */
  readonly firstLine: Promise<string>;
  readonly #output: Promise<void>;
  readonly #folder: Folder | undefined;

  /** @param options.folder Is removed when the program has ended. */
  constructor(
    command: string,
    args: string[],
    { folder }: { folder?: Folder } = {},
  ) {
    this.#folder = folder;
    const child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.firstLine = promise;
    this.#output = (async () => {
      let text = "";
      const chunks = child.stdout.pipeThrough(new TextDecoderStream());
      for await (const chunk of chunks) {
        text += chunk;
        if (text.includes("\n")) resolve(text.split("\n", 1)[0]!);
      }
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#output;
    await this.#folder?.[Symbol.asyncDispose]();
  }
}
