import { Buffer } from "node:buffer";

// deno-lint-ignore no-explicit-any -- the arguments of any method
type Any = any;
type Method = (this: Any, ...args: Any[]) => Any;

/**
 * How many bytes (or characters) a call looks at or copies. In place of a clock:
 * what is linear here is linear on every machine.
 */
const COUNTS: [
  object,
  string,
  (self: Any, result: Any, args: Any[]) => number,
][] = [
  [Uint8Array.prototype, "indexOf", searched],
  [String.prototype, "indexOf", searched],
  [Uint8Array.prototype, "set", (_self, _result, [from]) => from.length],
  [Uint8Array.prototype, "slice", (_self, result) => result.length],
  [
    Uint8Array.prototype,
    "copyWithin",
    (_self, _result, [, from, to]) => to - from,
  ],
  [Buffer.prototype, "toString", (_self, result) => result.length],
  [TextDecoder.prototype, "decode", (_self, _result, [from]) => from.length],
];

function searched(self: Any, found: number, [, from = 0]: Any[]): number {
  return (found < 0 ? self.length : found + 1) - from;
}

/** Counts the bytes that `work` looks at and copies. */
export async function countedBytes(work: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const restore = COUNTS.map(([prototype, name, count]) => {
    const methods = prototype as Record<string, Method>;
    const original = methods[name]!;
    const isOwn = Object.hasOwn(prototype, name);
    methods[name] = function (...args) {
      const result = original.apply(this, args);
      bytes += count(this, result, args);
      return result;
    };
    return () => {
      if (isOwn) methods[name] = original;
      else delete methods[name];
    };
  });
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return bytes;
}
