#!/usr/bin/env bash
# opossum 9.0.0: calls that its own capacity refuses count as failures, and open
# the circuit of a service that has never failed
#
# A good guess: capacity: 2 refuses the third call at once and says so. The
# service was not asked, so that tells nothing of its health.
#
# What happens: "Semaphore locked" is counted as a failure of the service. A
# burst of six calls with a capacity of two opens the circuit: nobody is served
# until resetTimeout is over. (An errorFilter for the code ESEMLOCKED prevents
# it.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  opossum@9.0.0

cat >probe.mjs <<'CODE'
import CircuitBreaker from "opossum";

async function burst(name, options) {
  let calls = 0;
  async function service() {
    calls++;
    await new Promise((done) => setTimeout(done, 20));
    return "served";
  }
  const breaker = new CircuitBreaker(service, { capacity: 2, ...options });
  await Promise.allSettled(Array.from({ length: 6 }, () => breaker.fire()));
  console.log(
    `${name}: ${calls} of 6 calls reached the service, and were served; open: ${breaker.opened}; ` +
      `the next call: ${await breaker.fire().catch((error) => error.message)}`,
  );
  breaker.shutdown();
}
await burst("opossum 9.0.0", {});
await burst("with errorFilter", { errorFilter: ({ code }) => code === "ESEMLOCKED" });
CODE

cat >expected <<'TEXT'
opossum 9.0.0: 2 of 6 calls reached the service, and were served; open: true; the next call: Breaker is open
with errorFilter: 2 of 6 calls reached the service, and were served; open: false; the next call: served
TEXT

node probe.mjs | tee seen
diff expected seen
