// `@std/assert` where JSR is not reachable: the same code from npm, which comes without types.
// deno-lint-ignore-file no-import-prefix
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.3.4/assert/mod.js";
