/**
 * What a program loads that imports the package: each file takes time, so what
 * is seldom needed is loaded by the first call that needs it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { AREAS, files, imports } from "./_imports.ts";

/** The areas that the root module exports. */
const ALL = Object.keys(AREAS).filter((area) => area !== "testing");

/**
 * For each start, the folders and files that it loads without needing them: this
 * must stay empty.
 */
const LATER: Record<string, string[]> = {
  all: [
    "tasks/monitor/",
    "streams/socket/",
    "streams/tls/",
    "streams/operators/",
    "streams/transports/",
    "process/spawn/",
    "process/pipes/",
    "process/signals/",
    "process/transports/",
    "queue/jobs/",
    "queue/nats/",
  ],
  sync: ["tasks/threads/", "tasks/debug/", "tasks/run/"],
  queue: ["tasks/threads/", "tasks/debug/", "tasks/run/"],
};

/** How many files each may load: with some room, for one that is split in two. */
const MOST: Record<string, number> = { all: 210, sync: 66, queue: 55 };

/** The files that are loaded with those of `areas`. */
function loadedBy(areas: readonly string[]): Set<string> {
  const values = imports.filter((it) => it.isValue && !it.isPackage);
  const importsOf = Map.groupBy(values, ({ from }) => from);
  const loaded = new Set<string>();
  const visit = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { to } of importsOf.get(file) ?? []) visit(to);
  };
  for (const area of areas) visit(`${area}/mod.ts`);
  return loaded;
}

for (const [start, later] of Object.entries(LATER)) {
  const loaded = [...loadedBy(start === "all" ? ALL : [start])];

  Deno.test(`the start of ${start} loads nothing that is seldom needed`, () => {
    const early = loaded.filter((file) =>
      later.some((path) => file.startsWith(path))
    );
    assertEquals(early, []);
  });

  Deno.test(`the start of ${start} loads few files`, () => {
    assert(loaded.length <= MOST[start]!, `${loaded.length} files`);
  });
}

Deno.test("what is loaded later is there", () => {
  const paths = Object.values(LATER).flat();
  for (const path of paths) {
    assert(files.some((file) => file.startsWith(path)), path);
  }
});
