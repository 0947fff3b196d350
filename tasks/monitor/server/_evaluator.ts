/** Runs code of a client in the program. @module */
import { Script } from "node:vm";
import type { Evaluated } from "../protocol.ts";

/** How many characters of a value are shown at most. */
const MAX_TEXT = 100_000;

/** Declarations that are also expressions, which would declare nothing. */
const DECLARATION = /^\s*(?:(?:async\s+)?function\b[\s*]*|class\s+)[\w$]/;

type Run = () => Promise<unknown>;

/**
 * Runs code that may `await`, and keeps the variables that it declares in its
 * first column: `const`, `let`, `var`, functions and classes.
 */
export class Evaluator {
  readonly #variables: Record<string, unknown> = Object.create(null);
  readonly #scope: object;

  /** @param names Names for the code, in addition to global ones. */
  constructor(names: object) {
    const variables = this.#variables;
    const owner = (name: string | symbol) =>
      name in variables ? variables : name in names ? names : undefined;
    this.#scope = new Proxy(names, {
      // This scope has all names but the global ones.
      has: (_, name) => owner(name) !== undefined || !(name in globalThis),
      get: (_, name) => {
        if (name === Symbol.unscopables) return undefined;
        const found = owner(name);
        if (found !== undefined) return Reflect.get(found, name);
        throw new ReferenceError(`${String(name)} is not defined`);
      },
      set: (_, name, value) => Reflect.set(variables, name, value),
    });
  }

  /** Runs code in the calling task, and resolves to the outcome. */
  async evaluate(code: string): Promise<Evaluated> {
    let run: Run;
    try {
      run = this.#compiled(code);
    } catch (error) {
      return isIncomplete(code) ? { incomplete: true } : thrown(error);
    }
    try {
      return { value: shown(await run()) };
    } catch (error) {
      return thrown(error);
    }
  }

  /** Compiles code as an expression, or else as statements. */
  #compiled(code: string): Run {
    if (DECLARATION.test(code)) return this.#function(kept(code));
    try {
      return this.#function(`return (${code}\n);`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.#function(kept(code));
    }
  }

  #function(body: string): Run {
    const source = `with ($scope) return async () => {\n${body}\n};`;
    return new Function("$scope", source)(this.#scope);
  }
}

/** Returns code with assignments to kept variables in place of declarations. */
function kept(code: string): string {
  return code
    .replaceAll(/^(?:let|var)\s+([\w$]+)[ \t]*;?[ \t]*$/gm, "$1 = undefined;")
    .replaceAll(/^(?:const|let|var)\s+/gm, "void 0, ")
    .replaceAll(
      /^((?:async\s+)?function\b\s*\*?|class)\s*([\w$]+)/gm,
      "void 0, $2 = $1 $2",
    );
}

/** Returns whether code is right so far, but not complete. */
function isIncomplete(code: string): boolean {
  try {
    new Script(`async () => {\n${code}`);
  } catch (error) {
    return /end of input/.test((error as Error).message);
  }
  return false;
}

function shown(value: unknown): string {
  const text = Deno.inspect(value, {
    depth: 3,
    strAbbreviateSize: MAX_TEXT,
  });
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

function thrown(error: unknown): Evaluated {
  try {
    return { thrown: error instanceof Error ? `${error}` : shown(error) };
  } catch {
    return { thrown: "something that cannot be shown" };
  }
}
