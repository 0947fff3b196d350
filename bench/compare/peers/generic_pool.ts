// deno-lint-ignore-file no-import-prefix
import { createPool, type Pool } from "npm:generic-pool@3.9.0";
import { serve } from "../serve.ts";
import { turn } from "../turn.ts";

function poolOf10(): Pool<object> {
  const create = () => Promise.resolve({});
  const destroy = () => Promise.resolve();
  return createPool({ create, destroy }, { max: 10 });
}

async function close(pool: Pool<object>): Promise<void> {
  await pool.drain();
  await pool.clear();
}

await serve("generic-pool 3.9.0", {
  async pool(units) {
    const pool = poolOf10();
    for (let i = 0; i < units; i++) await pool.release(await pool.acquire());
    await close(pool);
  },

  async pool_shared(units) {
    const pool = poolOf10();
    await Promise.all(Array.from({ length: 100 }, async () => {
      for (let i = 0; i < units / 100; i++) {
        const resource = await pool.acquire();
        await turn();
        await pool.release(resource);
      }
    }));
    await close(pool);
  },
});
