/** Programs of this folder, as JavaScript that needs no map of imports. @module */

const ROOT = new URL("../../", import.meta.url);

/** A folder with a program, and with all that it imports. */
export interface Transpiled {
  /** Where a program of this folder is in it. */
  pathOf(program: string): string;
  remove(): void;
}

/** Transpiles these programs of this folder, and all modules that they reach. */
export async function transpile(...programs: string[]): Promise<Transpiled> {
  const folder = await Deno.makeTempDir();
  const here = "tests/runtimes";
  const modules = new Set<string>();
  for (const program of programs) {
    const graph = JSON.parse(
      await deno("info", "--json", `${here}/${program}`),
    );
    for (const { local } of graph.modules) if (local) modules.add(local);
  }
  await deno("transpile", "--quiet", "--outdir", folder, ...modules);
  for (const path of filesIn(folder)) {
    const text = await Deno.readTextFile(path);
    const imports = /((?:from|import) *\(?"\.[^"]*)\.ts"/g;
    await Deno.writeTextFile(path, text.replace(imports, '$1.js"'));
  }
  await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
  return {
    pathOf: (program) => `${folder}/${here}/${program.replace(/ts$/, "js")}`,
    remove: () => Deno.removeSync(folder, { recursive: true }),
  };
}

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
