/**
 * The pages of the project, read as far as the tests need it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** The page of that name at the root. */
export function readPage(name: string): string {
  return Deno.readTextFileSync(new URL(name, ROOT));
}

/** Every row of a table whose first heading is `heading`, cell by cell. */
export function rowsOf(page: string, heading: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) {
      inside = false;
      continue;
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (cells[0] === heading) inside = true;
    else if (inside && !/^-+$/.test(cells[0]!)) rows.push(cells);
  }
  return rows;
}

/** What stands in a cell, one by one, without its backticks. */
export function namesIn(cell: string): string[] {
  return cell.replaceAll("`", "").split(", ");
}

/** What is set as code in the text, without the blocks. */
export function codeIn(page: string): string[] {
  const text = page.replace(/^```[^]*?^```$/gm, "");
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** The blocks of code in that language. */
export function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp("^```" + language + "\\n([^]*?)^```$", "gm");
  return [...page.matchAll(fence)].map((match) => match[1]!);
}

/** Where the links and pictures of a page lead that are in the project. */
export function linksOf(page: string): string[] {
  return [...page.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
    .map((match) => match[1]!);
}

/** Whether the file or folder is there, by its path from the root. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

/** All files of the project under the folder, by their paths from the root. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))]
    .filter(({ name }) => name !== ".git" && name !== "node_modules")
    .flatMap(({ name, isDirectory }) =>
      isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
    );
}
