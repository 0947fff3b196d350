#!/usr/bin/env bash
# node:fs of Deno 2.9.6: access() of a file that may be read needs a permission
# for the system, and its refusal cannot be caught
#
# A good guess: access() needs --allow-read, as existsSync() and stat() of the
# same file. Whatever is refused rejects the promise.
#
# What happens: Deno computes the answer from the file's mode and its owner, and
# so asks who the user is: accessSync() throws NotCapable without
# --allow-sys=uid, even if the question is only whether the file exists. access()
# throws it where no caller can catch it: the promise is never settled, and
# the error is an unhandled rejection, which ends a program that has no listener
# for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { accessSync, constants, existsSync, promises, statSync } from "node:fs";

const file = "probe.mjs";
const show = (name, outcome) => console.log(`Deno ${Deno.version.deno}, --allow-read, ${name}: ${outcome}`);
function sync(name, body) {
  try {
    show(name, body());
  } catch (error) {
    show(name, `${error.name}, ${error.message.split(",")[0]}`);
  }
}
sync("existsSync()", () => existsSync(file));
sync("statSync()", () => statSync(file).isFile());
sync("accessSync(F_OK)", () => accessSync(file, constants.F_OK));

const refused = new Promise((resolve) =>
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    resolve("an unhandled rejection");
  })
);
const access = promises.access(file).then(() => "fulfilled", () => "rejected");
show("promises.access()", await Promise.race([access, refused]));
CODE

cat >expected <<'TEXT'
Deno 2.9.6, --allow-read, existsSync(): true
Deno 2.9.6, --allow-read, statSync(): true
Deno 2.9.6, --allow-read, accessSync(F_OK): NotCapable, Requires sys access to "uid"
Deno 2.9.6, --allow-read, promises.access(): an unhandled rejection
TEXT

deno run --quiet --no-prompt --allow-read probe.mjs | tee seen
diff expected seen
