/** The client of PostgreSQL, and npm's. @module */
import { startPostgres } from "../../examples/_postgres_server.ts";
import {
  type Contest,
  deno,
  nextNumber,
  SMOKE,
  start,
  timed,
} from "./contest.ts";

const WORKS: [work: string, title: string, count: number, target: number][] = [
  ["query", "one query, then the next", 2_000, 1.5],
  ["rows", "rows, 10 000 in a result", 100_000, 0.9],
  ["pool", "queries, 20 at a time over 4 connections", 3_000, 0],
];

export async function* postgres(): AsyncGenerator<Contest> {
  await using server = await startPostgres();
  const { port } = server;
  const client = (name: string) =>
    start(deno("./postgres_client.ts", name, `${port}`));
  await using ours = await client("ours");
  await using npm = await client("npm");
  const clients = [
    ["examples/postgres_client.ts", ours],
    ["npm's postgres 3.4.9", npm],
  ] as const;
  for (const [work, title, count, target] of WORKS) {
    const pieces = SMOKE ? 100 : count;
    const contestants = clients.map(([name, process]) => ({
      ...{ name, pid: process.pid },
      round: () =>
        timed(pieces, () => {
          process.stdin!.write(`${work} ${pieces}\n`);
          return nextNumber(process);
        }),
    }));
    yield { work: `PostgreSQL: ${title}`, contestants, target };
  }
}
