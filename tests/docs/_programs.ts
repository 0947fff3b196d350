/**
 * The programs in pages and in comments of the library. As `deno test --doc`
 * does, each becomes a function in a module of its own; but all of them are in
 * one isolate, as making one takes longer than most programs.
 *
 * @module
 */
import { readPage } from "./_markdown.ts";

const ROOT = new URL("../../", import.meta.url);

/** A program in a page, or in the comment of a symbol. */
export interface Program {
  /** Where it is: `"README.md:12"`. */
  readonly name: string;
  readonly code: string;
}

/** A block of code that is not marked with `ignore`, in a comment or not. */
const BLOCK = /^( *\* |)```ts\n([^]*?)^\1```$/gm;

/** An import that begins and ends its line. */
const IMPORT = /^import [^;]*? from "([^"]+)";$/gm;

/** The programs of the file at this path from the root. */
export function programsIn(path: string): Program[] {
  const text = readPage(path);
  return [...text.matchAll(BLOCK)].map(({ index, 1: margin, 2: lines }) => ({
    name: `${path}:${text.slice(0, index).split("\n").length}`,
    code: lines!.split("\n").map((line) => line.slice(margin!.length))
      .join("\n"),
  }));
}

/** Resolves when the program has run to its end. */
export async function runProgram({ code }: Program): Promise<void> {
  const imports = [...code.matchAll(IMPORT)].map(([statement, specifier]) =>
    specifier!.startsWith("./")
      ? statement.replace(specifier!, new URL(specifier!, ROOT).href)
      : statement
  );
  const body = code.replace(IMPORT, "");
  const module = `${
    imports.join("\n")
  }\nexport default async () => {\n${body}\n};`;
  const url = URL.createObjectURL(
    new Blob([module], { type: "application/typescript" }),
  );
  try {
    const { default: main } = await import(url);
    await main();
  } finally {
    URL.revokeObjectURL(url);
  }
}
