#!/usr/bin/env bash
# mollitia 0.1.1: circuit.fn(a) and circuit.fn(b) both run b
#
# A good guess: fn() wraps one function for the circuit: what it returns runs
# that function, whatever is wrapped later. This is how opossum and the policies
# of cockatiel are used for several calls.
#
# What happens: fn() stores the function in the circuit and returns the circuit
# itself. A wrapped function that is kept runs the one that was wrapped last,
# with its own arguments.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  mollitia@0.1.1

cat >probe.mjs <<'CODE'
import * as mollitia from "mollitia";

const { Circuit } = mollitia.default ?? mollitia;
const circuit = new Circuit();
const read = circuit.fn(async (name) => `read ${name}`);
const remove = circuit.fn(async (name) => `remove ${name}`);
console.log(`mollitia 0.1.1: read.execute("a") gives "${await read.execute("a")}"`);
console.log(`mollitia 0.1.1: remove.execute("b") gives "${await remove.execute("b")}"`);
CODE

cat >expected <<'TEXT'
mollitia 0.1.1: read.execute("a") gives "remove a"
mollitia 0.1.1: remove.execute("b") gives "remove b"
TEXT

node probe.mjs | tee seen
diff expected seen
