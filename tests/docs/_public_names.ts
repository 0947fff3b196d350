/**
 * What the package exports, types and members included, as `deno doc` sees it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

interface Member {
  name: string;
}

interface Declaration {
  kind: string;
  def?: {
    extends?: string | { value: { typeName: string } }[];
    properties?: Member[];
    methods?: Member[];
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

async function symbols(): Promise<Docs["nodes"][string]["symbols"]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--json",
      "mod.ts",
      "testing/mod.ts",
      "streams/transports/mod.ts",
      "process/transports/mod.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const docs: Docs = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values(docs.nodes).flatMap((module) => module.symbols);
}
