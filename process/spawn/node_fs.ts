/** @module */
import type fs from "node:fs";

/** Returns `node:fs`, which takes longer to load than starting a program. */
export function nodeFs(): typeof fs {
  return globalThis.process.getBuiltinModule("node:fs");
}
