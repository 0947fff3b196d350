// `@std/async` where JSR is not reachable: the same code from npm, which comes without types.
// deno-lint-ignore-file no-import-prefix
// @ts-types="./async.d.ts"
export * from "npm:deno-std@1.3.4/async/mod.js";
