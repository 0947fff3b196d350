// deno-lint-ignore-file no-import-prefix
import { execa } from "npm:execa@10.2.1";
import { mebibytes, MebibytesFile, twoOutputs, zeros } from "../mebibytes.ts";
import { check, serve } from "../serve.ts";
import { MIB } from "../works.ts";

async function program(options: { detached?: boolean } = {}): Promise<void> {
  const { stdout } = await execa("echo", ["1"], {
    stdin: "ignore",
    ...options,
  });
  check(Number(stdout), 1);
}

await serve("execa 10.2.1", {
  async process(units) {
    for (let i = 0; i < units; i++) await program();
  },

  async processes(units) {
    await Promise.all(Array.from({ length: units }, () => program()));
  },

  async process_group(units) {
    for (let i = 0; i < units; i++) await program({ detached: true });
  },

  async process_input(units) {
    const { stdout } = await execa("wc", ["-c"], { stdin: mebibytes(units) });
    check(Number(stdout), units * MIB);
  },

  async process_from_file(units) {
    using input = new MebibytesFile(units);
    const { stdout } = await execa("wc", ["-c"], {
      stdin: { file: input.path },
    });
    check(Number(stdout), units * MIB);
  },

  async process_to_file(units) {
    using output = new MebibytesFile(0);
    const [program, ...args] = zeros(units);
    await execa(program, args, {
      stdin: "ignore",
      stdout: { file: output.path },
      buffer: false,
    });
    check(output.size, units * MIB);
  },

  async process_captured_file(units) {
    using output = new MebibytesFile(0);
    const [program, ...args] = zeros(units);
    const { stdout } = await execa(program, args, {
      stdin: "ignore",
      stdout: ["pipe", { file: output.path }],
      encoding: "buffer",
    });
    check(output.size, units * MIB);
    check(stdout.length, units * MIB);
  },

  async process_lines(units) {
    const { stdout } = await execa("seq", [`${units}`], {
      stdin: "ignore",
      lines: true,
    });
    check(stdout.length, units);
  },

  async process_all(units) {
    const { stdout, all } = await execa(twoOutputs(units), {
      stdin: "ignore",
      shell: true,
      all: true,
      lines: true,
    });
    check(stdout.length, units / 2);
    check(all!.length, units);
  },
});
