/**
 * What the package exports, types and members included, as `deno doc` sees it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** The modules of the package, less the programs. */
const EXPORTS = Object.values<string>(
  JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).exports,
).filter((path) => path.endsWith("mod.ts"));

interface Member {
  name: string;
}

/** A function, a method or a constructor, as `deno doc` sees it. */
interface Callable {
  params?: { kind: string; left?: { name: string } }[];
  hasBody?: boolean;
}

interface Declaration {
  kind: string;
  def?: Callable & {
    constructors?: Callable[];
    extends?: string | { value: { typeName: string } }[];
    properties?: Member[];
    /** An interface has them as they are, a class as `functionDef`. */
    methods?: (Member & Callable & { functionDef?: Callable })[];
  };
}

interface Docs {
  nodes: Record<
    string,
    { symbols: { name: string; declarations: Declaration[] }[] }
  >;
}

/** The names of all public symbols, and `Class.member` for all that have any. */
export async function publicNames(): Promise<Set<string>> {
  const members = new Map<string, Set<string>>();
  const bases = new Map<string, string>();
  for (const declared of await symbols()) {
    const { name, declarations } = declared;
    const own = members.get(name) ?? new Set();
    members.set(name, own);
    for (const { def } of declarations) {
      for (const { name } of def?.properties ?? []) own.add(name);
      for (const { name } of def?.methods ?? []) own.add(name);
      if (typeof def?.extends === "string") bases.set(name, def.extends);
    }
  }
  const names = new Set(members.keys());
  for (const name of members.keys()) {
    for (
      let at: string | undefined = name;
      at !== undefined;
      at = bases.get(at)
    ) {
      for (const member of members.get(at) ?? []) {
        names.add(`${name}.${member}`);
      }
    }
  }
  return names;
}

/** What can be called, by name, with each of its overloads. */
export async function publicCallables(): Promise<Map<string, Callable[]>> {
  const found = new Map<string, Callable[]>();
  for (const { name, declarations } of await symbols()) {
    for (const { kind, def } of declarations) {
      const add = (name: string, callable: Callable) =>
        found.set(name, [...found.get(name) ?? [], callable]);
      if (kind === "function") add(name, def!);
      for (const it of def?.constructors ?? []) add(`new ${name}`, it);
      for (const it of def?.methods ?? []) {
        add(`${name}.${it.name}`, it.functionDef ?? it);
      }
    }
  }
  // With overloads the last one is the implementation, which is not public.
  for (const overloads of found.values()) {
    if (overloads.length > 1 && overloads.at(-1)!.hasBody) overloads.pop();
  }
  return found;
}

async function symbols(): Promise<Docs["nodes"][string]["symbols"]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--json",
      ...EXPORTS,
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const docs: Docs = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values(docs.nodes).flatMap((module) => module.symbols);
}
