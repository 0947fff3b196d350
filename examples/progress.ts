/** A progress bar drawn from the output of another program, line by line. */
import { createSubprocessShell, PIPE, run } from "@asyncio/asyncio";

const WIDTH = 20;

/** Stands for a download, a compiler, a backup: it says how far it is. */
const COMMAND = `
  echo "looking for files"
  for i in 1 2 3 4; do
    sleep 0.1
    echo "copied $i of 4"
  done
`;

function bar(part: number): string {
  const full = Math.round(part * WIDTH);
  const percent = `${Math.round(100 * part)} %`.padStart(5);
  return `[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${percent}`;
}

/** Draws over the last bar on a terminal, and below it elsewhere. */
async function draw(text: string): Promise<void> {
  const drawn = Deno.stdout.isTerminal() ? `\r${text}` : `${text}\n`;
  await Deno.stdout.write(new TextEncoder().encode(drawn));
}

async function main(): Promise<void> {
  // However this block is left, by Ctrl-C for one, the program ends with it.
  await using copy = await createSubprocessShell(COMMAND, {
    stdin: "null",
    stdout: PIPE,
  });
  for await (const line of copy.stdout!.lines()) {
    const progress = /^copied (\d+) of (\d+)$/.exec(line);
    if (progress !== null) {
      await draw(bar(Number(progress[1]) / Number(progress[2])));
    }
  }
  if (Deno.stdout.isTerminal()) console.log();
  console.log(`ended with code ${await copy.wait()}`);
}

await run(main);
