/** How objects of this package print their state. @module */

/** What `console.log` hands to a custom printer, in Deno and in Node. */
type Printer = (value: unknown, options?: unknown) => string;

/** The keys of the methods that `console.log` calls. */
const INSPECT_DENO = Symbol.for("Deno.customInspect");
const INSPECT_NODE = Symbol.for("nodejs.util.inspect.custom");

/**
 * Makes `console.log` show the instances of `type` as `Name { key: value }`,
 * with the entries that `state` returns. The name is that of the instance's own
 * class, so a subclass needs no call of its own.
 */
export function printable<T extends object>(
  type: { prototype: T },
  state: (instance: T) => Record<string, unknown>,
): void {
  const deno = function (this: T, print: Printer, options?: unknown): string {
    return show(this, state(this), (value) => print(value, options));
  };
  const node = function (
    this: T,
    _depth: number,
    options: unknown,
    print: Printer,
  ): string {
    return show(this, state(this), (value) => print(value, options));
  };
  Object.defineProperty(type.prototype, INSPECT_DENO, {
    value: deno,
    configurable: true,
    writable: true,
  });
  Object.defineProperty(type.prototype, INSPECT_NODE, {
    value: node,
    configurable: true,
    writable: true,
  });
}

function show(
  instance: object,
  state: Record<string, unknown>,
  print: (value: unknown) => string,
): string {
  const parts = Object.entries(state).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${print(value)}`);
  const name = instance.constructor.name;
  return parts.length === 0 ? `${name} {}` : `${name} { ${parts.join(", ")} }`;
}
