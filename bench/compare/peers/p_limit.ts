// deno-lint-ignore-file no-import-prefix
import pLimit from "npm:p-limit@7.3.3";
import { serve } from "../serve.ts";
import { turn } from "../turn.ts";

await serve("p-limit 7.3.3", {
  async limit(units) {
    const limit = pLimit(10);
    await Promise.all(Array.from({ length: units }, () => limit(turn)));
  },
});
