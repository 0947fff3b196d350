/**
 * The rules about imports that ARCHITECTURE.md states.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  areaOf,
  AREAS,
  files,
  filesIn,
  folderOf,
  type Import,
  imports,
  isPrivate,
  publicNamesOf,
  readSource,
} from "./_imports.ts";

const KERNEL = "tasks/kernel";

/** The folders of the kernel; the files of each may use those before it. */
const LAYERS = ["", "watch", "loop", "cancel", "context", "wait", "cli"];

/** What other areas may import though it is not public, beside the kernel. */
const SHARED = ["streams/buffer/source_and_sink.ts"];

/** Scripts of threads, which have no task, and import the modules of users. */
const LOADS_FOR_USERS = [
  "tasks/monitor/server/_thread_script.ts",
  "tasks/threads/_worker_script.ts",
];

/** How a module is loaded in no task and no run. */
const OUTSIDE = /\b(?:new LazyModule|importOutside)\(\s*\(\) =>\s*$/;

/** The folders in which packages may be imported. */
const WITH_PACKAGES = ["queue/nats", "queue/jobs"];

/** Each rule, with a function that returns whether an import breaks it. */
const RULES: Record<string, (statement: Import) => boolean> = {
  "areas import one way": ({ from, to, isPackage }) => {
    const area = areaOf(from);
    const other = areaOf(to);
    return !isPackage && area !== other && !AREAS[area]!.includes(other);
  },

  "a file with an underscore is imported from its own folder only": (
    { from, to },
  ) => isPrivate(to) && folderOf(from) !== folderOf(to),

  "other areas import the kernel, public names, and sources and sinks": (
    { from, to, names, isPackage },
  ) => {
    if (isPackage || areaOf(from) === areaOf(to)) return false;
    if (isInside(to, KERNEL) || SHARED.includes(to)) return false;
    if (to.endsWith("/mod.ts")) return false;
    const open = publicNamesOf(to);
    return !names.every(({ name }) => open.has(name));
  },

  "the kernel imports nothing from outside of it": (
    { from, to, isPackage },
  ) => !isPackage && isInside(from, KERNEL) && !isInside(to, KERNEL),

  "the folders of the kernel stand on each other": ({ from, to, isValue }) =>
    isValue && isInside(from, KERNEL) && isInside(to, KERNEL) &&
    layerOf(to) > layerOf(from),

  "packages are imported for queues of jobs only": (
    { from, to, isPackage },
  ) =>
    isPackage && !to.startsWith("node:") &&
    !WITH_PACKAGES.some((folder) => isInside(from, folder)),
};

/** Imports that break a rule today: this list may only get shorter. */
const KNOWN: string[] = [
  "process/pipes/communicate.ts → streams/stream_reader.ts",
  "process/pipes/pipes.ts → streams/stream_reader.ts",
  "process/pipes/pipes.ts → streams/stream_writer.ts",
];

function isInside(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

/** The layer of a file of the kernel; -1 for a folder that is none. */
function layerOf(file: string): number {
  return LAYERS.indexOf(folderOf(file).slice(KERNEL.length + 1));
}

function show({ from, to }: Import): string {
  return `${from} → ${to}`;
}

for (const [rule, breaks] of Object.entries(RULES)) {
  Deno.test(rule, () => {
    const broken = imports.filter(breaks).map(show);
    assertEquals(broken.filter((it) => !KNOWN.includes(it)), []);
  });
}

/** Imports without packages. */
const inside = imports.filter((it) => !it.isPackage);

/** Fails if there is a circle of `arrows`. */
function assertNoCircle(arrows: readonly Import[]): void {
  const importsOf = Map.groupBy(arrows, ({ from }) => from);
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    assert(start < 0, [...path.slice(start), file].join(" → "));
    if (finished.has(file)) return;
    for (const { to } of importsOf.get(file) ?? []) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
}

Deno.test("values are never imported in a circle", () => {
  assertNoCircle(inside.filter((it) => it.isValue));
});

/** The classes that know each other: their files name each other's types. */
const MUTUAL_TYPES = [
  /^tasks\/kernel\/(?:cancel\/|loop\/loop\.ts$)/,
  /^tasks\/(?:event_loop|future|task|task_factory)\.ts$/,
  /^process\/(?:process|_child)\.ts$/,
];

Deno.test("types are imported in a circle only where classes know each other", () => {
  const isMutual = ({ from, to, isValue }: Import) =>
    !isValue && MUTUAL_TYPES.some((it) => it.test(from) && it.test(to));
  assertNoCircle(inside.filter((it) => !isMutual(it)));
});

Deno.test("every known exception still breaks a rule", () => {
  const broken = new Set(
    Object.values(RULES).flatMap((breaks) => imports.filter(breaks).map(show)),
  );
  assertEquals(KNOWN.filter((it) => !broken.has(it)), []);
});

Deno.test("every import is found, and every folder of the kernel is a layer", () => {
  for (const file of files) {
    assertEquals(
      imports.filter(({ from }) => from === file).length,
      countImports(file),
      file,
    );
    if (isInside(file, KERNEL)) assert(layerOf(file) >= 0, file);
  }
  for (const { to, isPackage } of imports) {
    assert(isPackage || files.includes(to), to);
  }
});

/** How many lines of a file end an import or a re-export. */
function countImports(file: string): number {
  return readSource(file).match(
    /^(?:\}|import|export)[^*\n]*(?:\*.*)? from "[^"]+";$/gm,
  )
    ?.length ?? 0;
}

Deno.test("tests import the package by its name", () => {
  const relative = new RegExp(
    `from "(?:\\.\\./)+(?:mod\\.ts|(?:${
      Object.keys(AREAS).join("|")
    })/mod\\.ts)";`,
  );
  const found = filesIn("tests").filter((file) =>
    !isInside(file, "tests/runtimes") && relative.test(readSource(file)) // Node has no map
  );
  assertEquals(found, []);
});

Deno.test("the map of the house names every area and folder", () => {
  const map = readSource("ARCHITECTURE.md").split("```")[1]!;
  const folders = new Set(files.map(folderOf));
  for (const folder of folders) {
    const name = folder.slice(folder.lastIndexOf("/") + 1);
    assert(new RegExp(`\\b${name}/`).test(map), folder);
  }
});

Deno.test("modules that are loaded later are imported outside of tasks and runs", () => {
  const wrong = files.filter((file) => !LOADS_FOR_USERS.includes(file))
    .flatMap((file) => {
      const source = readSource(file).replace(/^ *(?:\*|\/[*\/]).*$/gm, "");
      return [...source.matchAll(/(?<!typeof |: )\bimport\(.*/g)]
        .filter(({ index }) => !OUTSIDE.test(source.slice(0, index)))
        .map(([call]) => `${file}: ${call}`);
    });
  assertEquals(wrong, []);
});
