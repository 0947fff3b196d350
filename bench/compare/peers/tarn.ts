// deno-lint-ignore-file no-import-prefix
import { Pool } from "npm:tarn@3.1.2";
import { serve } from "../serve.ts";
import { turn } from "../turn.ts";

function poolOf10(): Pool<object> {
  return new Pool<object>({
    create: () => Promise.resolve({}),
    destroy: () => {},
    min: 0,
    max: 10,
  });
}

await serve("tarn 3.1.2", {
  async pool(units) {
    const pool = poolOf10();
    for (let i = 0; i < units; i++) {
      pool.release(await pool.acquire().promise);
    }
    await pool.destroy();
  },

  async pool_shared(units) {
    const pool = poolOf10();
    await Promise.all(Array.from({ length: 100 }, async () => {
      for (let i = 0; i < units / 100; i++) {
        const resource = await pool.acquire().promise;
        await turn();
        pool.release(resource);
      }
    }));
    await pool.destroy();
  },
});
