/**
 * The imports of the library's files, read from their source.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** The areas, each with those that it may import. */
export const AREAS: Record<string, string[]> = {
  tasks: [],
  sync: ["tasks"],
  queue: ["tasks"],
  streams: ["tasks"],
  process: ["tasks", "streams"],
  testing: ["tasks"],
};

/** One name that a file takes from another. */
export interface ImportedName {
  readonly name: string;
  /** Whether only its type is taken, so that nothing is left at run time. */
  readonly isType: boolean;
}

/** What a file takes from another file, or from a package. */
export interface Import {
  /** The file that imports: `"sync/lock.ts"`. */
  readonly from: string;
  /** The file that is imported, or the specifier of a package. */
  readonly to: string;
  readonly names: readonly ImportedName[];
  /** Whether anything of it is left at run time. */
  readonly isValue: boolean;
  readonly isPackage: boolean;
}

/** The files of the library: `"tasks/mod.ts"`. */
export const files: readonly string[] = Object.keys(AREAS).flatMap(filesIn)
  .sort();

/** All their imports and re-exports. */
export const imports: readonly Import[] = files.flatMap(importsOf);

/** The TypeScript files of a folder, and of those inside. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return filesIn(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

/** The imports of `file`, which is formatted: each begins its line. */
function importsOf(file: string): Import[] {
  const source = readSource(file);
  const statement =
    /^(?:import|export) (type )?(?:(\*(?: as \w+)?)|(\w+)|(?:\w+, )?\{([^}]*)\}) from "([^"]+)";$/gm;
  return [...source.matchAll(statement)].map((match) => {
    const [, type, star, single, list = "", specifier] = match;
    const names = (star ?? single ?? list).split(",").map((it) => it.trim())
      .filter((it) => it !== "").map((it) => ({
        name: it.replace(/^type /, "").replace(/ as \w+$/, ""),
        isType: type !== undefined || it.startsWith("type "),
      }));
    const isPackage = !specifier!.startsWith(".");
    return {
      from: file,
      to: isPackage ? specifier! : resolve(file, specifier!),
      names,
      isValue: names.some(({ isType }) => !isType),
      isPackage,
    };
  });
}

/** The text of a file of the package. */
export function readSource(file: string): string {
  return Deno.readTextFileSync(new URL(file, ROOT));
}

function resolve(file: string, specifier: string): string {
  const url = new URL(specifier, new URL(file, ROOT));
  return url.pathname.slice(ROOT.pathname.length);
}

/** The area of a file: `"sync"`. */
export function areaOf(file: string): string {
  return file.slice(0, file.indexOf("/"));
}

/** The folder of a file: `"queue/store"`. */
export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}

/** Whether only files of its own folder may import `file`. */
export function isPrivate(file: string): boolean {
  return file.slice(file.lastIndexOf("/") + 1).startsWith("_");
}

/** The names that the faces (`mod.ts`) of an area re-export from `file`. */
export function publicNamesOf(file: string): Set<string> {
  const exported = imports.filter(({ from, to }) =>
    to === file && from.endsWith("/mod.ts") && areaOf(from) === areaOf(file)
  );
  return new Set(
    exported.flatMap(({ names }) => names.map(({ name }) => name)),
  );
}
