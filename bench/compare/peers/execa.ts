// deno-lint-ignore-file no-import-prefix
import { execa } from "npm:execa@10.2.1";
import { check, serve } from "../serve.ts";

async function program(): Promise<void> {
  const { stdout } = await execa("echo", ["1"], { stdin: "ignore" });
  check(Number(stdout), 1);
}

await serve("execa 10.2.1", {
  async process(units) {
    for (let i = 0; i < units; i++) await program();
  },

  async processes(units) {
    await Promise.all(Array.from({ length: units }, program));
  },
});
