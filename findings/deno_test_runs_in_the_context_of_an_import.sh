#!/usr/bin/env bash
# Deno 2.9.6: a test sees the AsyncLocalStorage of an earlier test that has
# imported a module
#
# A good guess: A store of AsyncLocalStorage.run() is there for what that call
# has started. Deno.test() calls the next test from outside: getStore() is
# undefined in it.
#
# What happens: After a dynamic import inside run(), the next test is called in
# that context: it sees the store of the other one, and passes or fails by the
# order of the tests. Without an import it does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe_test.mjs <<'CODE'
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage(), seen = [];
const sleep = () => new Promise((done) => setTimeout(done, 1));
Deno.test("waits", () => storage.run("a store", sleep));
Deno.test("after that", () => seen.push(`after a test that waits in run(): ${storage.getStore()}`));
Deno.test("imports", () => storage.run("a store", () => import("data:text/javascript,export const one = 1")));
Deno.test("after the import", () => seen.push(`after a test that imports in run(): ${storage.getStore()}`));
Deno.test("writes", () => Deno.writeTextFileSync("seen", seen.map((line) => `Deno ${Deno.version.deno}, ${line}\n`).join("")));
CODE

cat >expected <<'TEXT'
Deno 2.9.6, after a test that waits in run(): undefined
Deno 2.9.6, after a test that imports in run(): a store
TEXT

deno test --quiet --no-lock -A probe_test.mjs >log 2>&1 || { cat log; exit 1; }
cat seen
diff expected seen
