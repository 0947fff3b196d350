/** What an idle task, a waiting getter and an open connection take up. */
import type { Contestant } from "./contestants.ts";
import type { PeerName } from "./peer_names.ts";
import { maxConnections } from "./descriptors.ts";
import { plan } from "./plan.ts";
import { type Command, denoCommand, Program } from "./program.ts";
import { digits, table } from "./table.ts";

const KINDS = {
  task: { title: "idle task", count: 100_000 },
  getter: { title: "task that waits in get", count: 100_000 },
  connection: {
    title: "open connection, at the server",
    count: maxConnections(5_000, 1),
  },
};

export type MemoryKind = keyof typeof KINDS;

export const memoryKinds = Object.keys(KINDS) as MemoryKind[];

const COLUMNS: PeerName[] = ["this_package", "asyncio", "uvloop"];

export interface Memory {
  kind: MemoryKind;
  /** For each. */
  bytes: Map<PeerName, number>;
}

function commandFor({ name, command }: Contestant): Command {
  if (name === "this_package") return denoCommand("idle.ts");
  const path = new URL("peers/idle.py", import.meta.url).pathname;
  return [command[0], path, name];
}

async function once(command: Command, kind: MemoryKind): Promise<number> {
  const count = Math.min(KINDS[kind].count, plan.maxUnits);
  await using program = await Program.start(command, kind, String(count));
  const measure = () => program.ask<{ bytes: number }>("now");
  if (kind !== "connection") return (await measure()).bytes;
  const { port } = await program.hear<{ port: number }>();
  const args = [port, count].map(String);
  await using clients = await Program.start(denoCommand("clients.ts"), ...args);
  await clients.hear();
  return (await measure()).bytes;
}

export async function weigh(
  kind: MemoryKind,
  contestants: Contestant[],
): Promise<Memory> {
  const bytes = new Map<PeerName, number>();
  for (const contestant of contestants) {
    if (!COLUMNS.includes(contestant.name)) continue;
    const command = commandFor(contestant);
    bytes.set(contestant.name, await once(command, kind));
  }
  return { kind, bytes };
}

export function memoryTable(memories: Memory[]): string {
  const rows = memories.map(({ kind, bytes }) => {
    const own = bytes.get("this_package") ?? NaN;
    const cells = COLUMNS.map((name) => {
      const weight = bytes.get(name);
      if (weight === undefined) return "";
      const text = `${weight.toFixed(0)} bytes`;
      return name === "this_package"
        ? text
        : `${text} (${digits(weight / own)} ×)`;
    });
    return [KINDS[kind].title, ...cells];
  });
  const header = ["each", "this package", "CPython asyncio", "uvloop"];
  return table([header, ...rows]);
}
