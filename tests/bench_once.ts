/**
 * Calls every benchmark of the files given once, to see that it still works,
 * in a moment: `deno bench` spends half a second on each.
 *
 * ```sh
 * deno run -A $(deno run -A tests/std_source.ts) tests/bench_once.ts bench/*_bench.ts
 * ```
 *
 * @module
 */
type BenchFn = Deno.BenchDefinition["fn"];
type Definition = Partial<Deno.BenchDefinition>;

const definitions: Definition[] = [];

/** Stands in for `Deno.bench` in all its forms: a name, options and a function, each of them optional. */
function collect(...args: (string | Definition | BenchFn)[]): void {
  const definition: Definition = {};
  for (const arg of args) {
    if (typeof arg === "string") definition.name = arg;
    else if (typeof arg === "function") definition.fn = arg;
    else Object.assign(definition, arg);
  }
  definitions.push(definition);
}

Deno.bench = Object.assign(collect, Deno.bench) as typeof Deno.bench;

for (const file of Deno.args) {
  const origin = new URL(file, `file://${Deno.cwd()}/`).href;
  await import(origin);
  for (const { fn, ignore, name = fn?.name ?? "" } of definitions.splice(0)) {
    if (fn === undefined) throw new TypeError(`no function: ${file}: ${name}`);
    if (ignore) continue;
    console.log(`${file}: ${name}`);
    await fn({ name, origin, start() {}, end() {} });
  }
}
