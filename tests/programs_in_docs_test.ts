/**
 * Runs each program in the pages, and in the comments of the library.
 *
 * @module
 */
import { programsIn, runProgram } from "./docs/_programs.ts";
import { files } from "./house/_imports.ts";

const ROOT = new URL("../", import.meta.url);

const pages = [...Deno.readDirSync(ROOT)].map(({ name }) => name)
  .filter((name) => name.endsWith(".md"));

for (const program of [...pages, "mod.ts", ...files].flatMap(programsIn)) {
  Deno.test(program.name, () => runProgram(program));
}
