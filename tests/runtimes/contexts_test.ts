/** In which task callbacks of a runtime run. @module */
import { assertEquals } from "@std/assert";
import { readPage, rowsOf } from "../docs/_markdown.ts";
import { RUNTIMES, testOn } from "./_runtimes.ts";

const rows = rowsOf(readPage("FROM_JAVASCRIPT.md"), "callback");

RUNTIMES.forEach((runtime, index) => {
  testOn(
    runtime,
    "callbacks run in the tasks that FROM_JAVASCRIPT.md says",
    async (start) => {
      const { stdout, stderr } = await start("contexts.ts");
      assertEquals(stderr, "");
      const said = rows.map(([name, ...tasks]) => [name, tasks[index]!])
        .filter(([, task]) => task !== "–");
      const seen = Object.entries<string>(JSON.parse(stdout));
      assertEquals(
        seen,
        said.map(([name, task]) => [name, task!.replace("no task", "none")]),
      );
    },
  );
});
