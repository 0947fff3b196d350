/** Who is compared, and how each is started: a program of its own for each. */
import { runSubprocess } from "@asyncio/asyncio/process";
import { type PeerName, peerNames } from "./peer_names.ts";
import { type Command, denoCommand } from "./program.ts";

export interface Contestant {
  name: PeerName;
  /** With its version. */
  title: string;
  command: Command;
  works: ReadonlySet<string>;
}

export interface Absent {
  name: PeerName;
  reason: string;
}

const here = new URL("peers/", import.meta.url).pathname;

/** Where Debian's uvloop is, in its own Python, another one may come first. */
async function commandOf(name: PeerName): Promise<Command> {
  if (name === "asyncio" || name === "uvloop") {
    const code = `import sys, ${name}; print(sys.executable)`;
    let missing: unknown;
    for (const python of ["python3", "/usr/bin/python3"]) {
      try {
        const { stdout } = await runSubprocess([python, "-c", code], {
          captureOutput: true,
          check: true,
        });
        return [stdout!.trim(), `${here}python.py`, name];
      } catch (error) {
        missing = error;
      }
    }
    throw missing;
  }
  return denoCommand(`peers/${name}.ts`);
}

/** What the program said when it failed, without the places that are this machine's own. */
function reasonOf(error: unknown): string {
  const said = (error as { stderr?: string }).stderr ?? String(error);
  const line = said.split("\n").find((line) => /error/i.test(line)) ?? said;
  return line.replace(/^error: (Uncaught .*?Error: )?/, "")
    .replace(/\S*:\/\/\S*/g, "...").trim();
}

/** Those who are there, and why the others are not. */
export async function findContestants(
  names: readonly PeerName[],
): Promise<[Contestant[], Absent[]]> {
  const present: Contestant[] = [];
  const absent: Absent[] = [];
  for (const name of peerNames) {
    if (name !== "this_package" && !names.includes(name)) continue;
    try {
      const command = await commandOf(name);
      const { stdout } = await runSubprocess(command, {
        captureOutput: true,
        check: true,
        env: { NO_COLOR: "1" },
      });
      const { title, works } = JSON.parse(stdout!);
      present.push({ name, title, command, works: new Set(works) });
    } catch (error) {
      absent.push({ name, reason: reasonOf(error) });
    }
  }
  return [present, absent];
}
