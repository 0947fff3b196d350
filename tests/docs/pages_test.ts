import { assert, assertEquals } from "@std/assert";
import {
  blocksOf,
  codeIn,
  exists,
  filesIn,
  linksOf,
  readPage,
  rowsOf,
} from "./_markdown.ts";
import { publicNames } from "./_public_names.ts";

const PAGES = [
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "FROM_ASYNCIO.md",
  "FROM_JAVASCRIPT.md",
  "README.md",
  "RECIPES.md",
  "SECURITY.md",
];

Deno.test("every page at the root is one of those that are looked at here", () => {
  const pages = [...Deno.readDirSync(new URL("../../", import.meta.url))]
    .map(({ name }) => name).filter((name) => name.endsWith(".md"));
  assertEquals(pages.sort(), PAGES);
});

for (const name of PAGES) {
  Deno.test(`every link and picture of ${name} leads to something that is there`, () => {
    const links = linksOf(readPage(name));
    assertEquals(links.filter((path) => !exists(path)), []);
    // JSR leads only relative links to the repository.
    assertEquals(links.filter((path) => !path.startsWith("./")), []);
  });
}

Deno.test("what README.md tells to run are tasks that there are", () => {
  const { tasks } = JSON.parse(readPage("deno.json"));
  const text = readPage("README.md");
  const told = [...text.matchAll(/deno task ([\w:]+)/g)].map((it) => it[1]!);
  assert(blocksOf(text, "sh").some((it) => it.includes("deno task demo")));
  assertEquals(told.filter((name) => !(name in tasks)), []);
});

Deno.test("every import that README.md offers is an export of the package", () => {
  const { name, exports } = JSON.parse(readPage("deno.json"));
  const offered = [...readPage("README.md").matchAll(/`(@asyncio\/[\w/]+)`/g)]
    .map((it) => it[1]!.replace(name, "."));
  assert(offered.length >= Object.keys(exports).length - 2);
  assertEquals(offered.filter((path) => !(path in exports)), []);
});

Deno.test("what README.md says to take is exported", async () => {
  const exported = await publicNames();
  const offered = rowsOf(readPage("README.md"), "to")
    .flatMap(([_, what]) => codeIn(what!))
    .filter((code) => /^\w+$/.test(code) && !(code in globalThis));
  assert(offered.length > 40, `${offered.length}`);
  assertEquals(offered.filter((name) => !exported.has(name)), [
    "limit",
    "stagger",
  ]);
});

for (const name of ["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
  Deno.test(`every file that ${name} names is there`, () => {
    const named = codeIn(readPage(name))
      .filter((code) => /^[\w./-]+\.(ts|sh|json)$/.test(code));
    assert(named.length > 0);
    const there = filesIn(".");
    const missing = named.filter((path) =>
      !there.some((it) => it.endsWith(`/${path}`))
    );
    assertEquals(missing, []);
  });
}
