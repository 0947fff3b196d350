// deno-lint-ignore-file no-import-prefix
import { promise as fastq } from "npm:fastq@1.20.3";
import { serve } from "../serve.ts";
import { turn } from "../turn.ts";

await serve("fastq 1.20.3", {
  async limit(units) {
    const queue = fastq(turn, 10);
    await Promise.all(Array.from({ length: units }, (_, i) => queue.push(i)));
  },
});
