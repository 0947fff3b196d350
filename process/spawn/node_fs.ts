/** @module */
import type fs from "node:fs";

/** `node:fs`, which takes longer to load than a program to start. */
export function nodeFs(): typeof fs {
  return globalThis.process.getBuiltinModule("node:fs");
}
