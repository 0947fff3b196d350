// deno-lint-ignore-file no-import-prefix
import { Mutex, Semaphore } from "npm:async-mutex@0.5.0";
import { serve } from "../serve.ts";
import { turn } from "../turn.ts";

await serve("async-mutex 0.5.0", {
  async lock(units) {
    const mutex = new Mutex();
    for (let i = 0; i < units; i++) {
      const release = await mutex.acquire();
      release();
    }
  },

  async lock_held(units) {
    const mutex = new Mutex();
    await Promise.all(Array.from({ length: 10 }, async () => {
      for (let i = 0; i < units / 10; i++) {
        const release = await mutex.acquire();
        await turn();
        release();
      }
    }));
  },

  async limit(units) {
    const semaphore = new Semaphore(10);
    await Promise.all(Array.from({ length: units }, async () => {
      const [, release] = await semaphore.acquire();
      await turn();
      release();
    }));
  },
});
