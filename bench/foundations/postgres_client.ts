/**
 * A client that waits for words: `query`, `rows` or `pool` and a count; it does that
 * so often, and says so.
 *
 * @module
 */
import { run } from "@asyncio/asyncio";
import postgres from "npm:postgres@3.4.9";
import { Postgres, postgresPool } from "../../examples/postgres_client.ts";

const [name, port] = Deno.args as [string, string];
const options = {
  ...{ hostname: "127.0.0.1", port: Number(port), database: "postgres" },
  ...{ user: "ada", password: "secret" },
};
const ROWS =
  `select i, i::text as name, i * 2 as twice, repeat('x', 20) as filler,
  i % 3 = 0 as third from generate_series(1, 10000) i`;

type Works = Record<string, (count: number) => Promise<unknown>>;

async function ours(): Promise<Works> {
  const one = await Postgres.connect(options);
  const pool = postgresPool(options, 4);
  return {
    async query(count) {
      for (let i = 0; i < count; i++) {
        await one.query("select $1::int as n", [i]);
      }
    },
    async rows(count) {
      for (let i = 0; i < count; i += 10_000) await one.query(ROWS);
    },
    pool: (count) =>
      share(count, async (i) => {
        using lease = await pool.acquire();
        await lease.resource.query("select $1::int as n", [i]);
      }),
  };
}

async function npm(): Promise<Works> {
  const one = postgres({ ...options, host: options.hostname, max: 1 });
  const pool = postgres({ ...options, host: options.hostname, max: 4 });
  await one`select 1`;
  return {
    async query(count) {
      for (let i = 0; i < count; i++) await one`select ${i}::int as n`;
    },
    async rows(count) {
      for (let i = 0; i < count; i += 10_000) {
        await one.unsafe(ROWS, [], { prepare: true });
      }
    },
    pool: (count) => share(count, (i) => pool`select ${i}::int as n`),
  };
}

/** Twenty at a time. */
async function share(
  count: number,
  work: (i: number) => PromiseLike<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (next < count) await work(next++);
  }));
}

await run(async () => {
  const works = name === "ours" ? await ours() : await npm();
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const line of lines) {
    const [work, count] = line.trim().split(" ") as [string, string];
    await works[work]!(Number(count));
    console.log(`done ${count}`);
  }
  Deno.exit();
});
