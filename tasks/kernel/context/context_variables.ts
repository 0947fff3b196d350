/** @module */
import {
  copyVariables,
  currentScope,
  currentVariables,
  runInFrame,
} from "./current_scope.ts";
import { checkFunction } from "../types.ts";
import {
  type Bindings,
  noVariables,
  type Variables,
} from "../cancel/context_frame.ts";

let useToken!: <T>(
  token: Token<T>,
  variable: ContextVar<T>,
  variables: Variables,
) => Bindings;
/** Returns the variables inside a context: for the kernel. */
export let variablesOf!: (context: Context) => Variables;
/** Returns the context around variables: for the kernel. */
export let contextOf!: (variables: Variables) => Context;

/**
 * What a `set` has replaced; for {@linkcode ContextVar.reset}. Mirrors
 * `contextvars.Token`.
 *
 * @example
 * ```ts
 * import { ContextVar } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const depth = new ContextVar("depth", { default: 0 });
 * const token = depth.set(1);
 * assertEquals(depth.get(), 1);
 * token.variable.reset(token);
 * assertEquals(depth.get(), 0);
 * ```
 *
 * @typeParam T The type of the variable's values.
 */
export class Token<T> {
  /** The variable that was set. */
  readonly variable: ContextVar<T>;
  /** Where it was set. */
  readonly #variables: Variables;
  /** The bindings before. */
  readonly #before: Bindings;
  #used = false;

  /** Made by {@linkcode ContextVar.set}. */
  constructor(
    variable: ContextVar<T>,
    variables: { bindings: ReadonlyMap<object, unknown> },
  ) {
    this.variable = variable;
    this.#variables = variables;
    this.#before = variables.bindings;
  }

  static {
    useToken = <T>(
      token: Token<T>,
      variable: ContextVar<T>,
      variables: Variables,
    ) => {
      if (token.variable !== variable) {
        throw new TypeError(
          `Cannot reset a variable: the token is of the variable ${token.variable.name}, not of ${variable.name}`,
        );
      }
      if (token.#used) {
        throw new Error(
          `Cannot reset a variable: the token of ${variable.name} has been used already`,
        );
      }
      if (token.#variables !== variables) {
        throw new Error(
          `Cannot reset a variable: the token of ${variable.name} is of another task, callback or context`,
        );
      }
      token.#used = true;
      return token.#before;
    };
  }
}

/**
 * A variable whose value belongs to the task: a request's id, a user, a log.
 * Mirrors `contextvars.ContextVar`.
 *
 * A task starts with a copy of its creator's values; what it sets, its creator
 * does not see. Callbacks run with a copy of the values that were set where
 * they were registered.
 *
 * @example
 * ```ts
 * import { ContextVar, createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const user = new ContextVar("user", { default: "guest" });
 * user.set("ada");
 * const task = createTask(() => {
 *   assertEquals(user.get(), "ada");
 *   user.set("grace");
 * });
 * await task;
 * assertEquals(user.get(), "ada");
 * ```
 *
 * @typeParam T The type of its values.
 */
export class ContextVar<T> {
  /** For messages. */
  readonly name: string;
  readonly #hasDefault: boolean;
  readonly #default: T | undefined;

  /**
   * Makes a variable; its value is `options.default` if it has not been set.
   */
  constructor(name: string, options?: { default?: T }) {
    this.name = name;
    this.#hasDefault = options !== undefined && "default" in options;
    this.#default = options?.default;
  }

  /**
   * Returns the value in the current task, or else the default. Mirrors
   * `contextvars.ContextVar.get`.
   *
   * @throws {ReferenceError} The variable has neither.
   */
  get(): T;
  /** Returns the value in the current task, or else `fallback`. */
  get<D>(fallback: D): T | D;
  get<D>(...fallback: [] | [D]): T | D {
    const { bindings } = currentVariables();
    const value = bindings.get(this) as T | undefined;
    if (value !== undefined || bindings.has(this)) return value as T;
    if (fallback.length > 0) return fallback[0] as D;
    if (this.#hasDefault) return this.#default as T;
    throw new ReferenceError(
      `the context variable ${this.name} has no value here, and no default`,
    );
  }

  /**
   * Sets the value in the current task, and returns a token for
   * {@linkcode ContextVar.reset}. Mirrors
   * `contextvars.ContextVar.set`.
   */
  set(value: T): Token<T> {
    const variables = currentVariables();
    const token = new Token(this, variables);
    variables.bindings = new Map(variables.bindings).set(this, value);
    return token;
  }

  /**
   * Restores the value that it had before the `set` that returned `token`.
   * Mirrors `contextvars.ContextVar.reset`.
   *
   * @throws {TypeError} The token is of another variable.
   * @throws {Error} The token has been used, or was made in another context: a
   * task or a callback has its own.
   */
  reset(token: Token<T>): void {
    const variables = currentVariables();
    const before = useToken(token, this, variables);
    const bindings = new Map(variables.bindings);
    if (before.has(this)) bindings.set(this, before.get(this));
    else bindings.delete(this);
    variables.bindings = bindings;
  }
}

/**
 * The public contexts that were asked for. Few are, so variables do not hold
 * theirs.
 */
const contexts = new WeakMap<Variables, Context>();

/**
 * The values of all context variables at once. Mirrors `contextvars.Context`.
 *
 * @example
 * ```ts
 * import { ContextVar, copyContext } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const user = new ContextVar("user", { default: "guest" });
 * const context = copyContext();
 * context.run(() => user.set("ada"));
 * assertEquals(user.get(), "guest");
 * assertEquals(context.run(() => user.get()), "ada");
 * ```
 */
export class Context {
  #variables: Variables = noVariables();

  /** Makes a context without values. */
  constructor() {
    contexts.set(this.#variables, this);
  }

  /**
   * Calls `fn` with these values, keeps what it sets, and returns what it
   * returns. It runs in the caller's task, and cancels reach it as the caller.
   * Mirrors `contextvars.Context.run`.
   */
  run<T>(fn: () => T): T {
    checkFunction(fn, "Cannot run in a context: the first argument");
    return runInFrame(
      { scope: currentScope(), variables: this.#variables },
      fn,
    );
  }

  static {
    variablesOf = (context) => context.#variables;
    contextOf = (variables) => {
      const known = contexts.get(variables);
      if (known !== undefined) return known;
      const context = new Context();
      context.#variables = variables;
      contexts.set(variables, context);
      return context;
    };
  }
}

/**
 * Returns a copy of the current values. Mirrors `contextvars.copy_context`.
 *
 * @example Carry them to a callback of other code
 * ```ts
 * import { ContextVar, copyContext } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new ContextVar<number>("request");
 * request.set(7);
 * const context = copyContext();
 * const listener = () => context.run(() => request.get());
 * request.set(8);
 * assertEquals(listener(), 7);
 * ```
 */
export function copyContext(): Context {
  return contextOf(copyVariables());
}
