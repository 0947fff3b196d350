#!/usr/bin/env bash
# telnet-client 2.2.14: exec() resolves to the answer of another command
#
# A good guess: Commands that are sent at once are answered in their order, each
# to its own caller. A command that has timed out has lost its answer; the next
# one gets its own.
#
# What happens: Every exec() that waits takes the first answer that comes. And
# after a timeout the late answer stays in the buffer: the next exec() gets it,
# with the prompt, in front of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  telnet-client@2.2.14

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";
import { Telnet } from "telnet-client";

// Answers "show x" with "x is fine", "show slow" only when `go` is called.
let go;
const server = net.createServer((connection) => {
  connection.on("error", () => {});
  connection.write("> ");
  let line = Promise.resolve();
  connection.setEncoding("utf8").on("data", (text) => {
    for (const command of text.trim().split("\n")) {
      line = line.then(async () => {
        if (command === "show slow") await new Promise((resolve) => go = resolve);
        connection.write(`${command.slice(5)} is fine\r\n> `);
      });
    }
  });
}).listen(0, "127.0.0.1");
await once(server, "listening");

async function connected() {
  const client = new Telnet();
  await client.connect({
    host: "127.0.0.1",
    port: server.address().port,
    shellPrompt: /> $/,
    negotiationMandatory: true,
    echoLines: 0,
    execTimeout: 2000,
  });
  return client;
}
async function letGo() {
  while (go === undefined) await new Promise((done) => setTimeout(done, 10));
  go();
  go = undefined;
}
const show = (client, what, options) =>
  client.exec(`show ${what}`, options).then(JSON.stringify, (error) => `error: ${error.message}`);

const first = await connected();
console.log(`one by one:     a: ${await show(first, "a")}, b: ${await show(first, "b")}`);
const [a, slow] = await Promise.all([show(first, "a"), show(first, "slow")]);
console.log(`at once:        a: ${a}, slow: ${slow}`);
await letGo();
first.destroy();

const second = await connected();
console.log(`with a timeout: slow: ${await show(second, "slow", { execTimeout: 200 })}`);
await letGo();
await new Promise((done) => setTimeout(done, 300));
console.log(`the next one:   a: ${await show(second, "a")}`);
second.destroy();
server.close();
CODE

cat >expected <<'TEXT'
one by one:     a: "a is fine\n", b: "b is fine\n"
at once:        a: "a is fine\n", slow: "a is fine\n"
with a timeout: slow: error: response not received
the next one:   a: "slow is fine\n> a is fine\n"
TEXT

node probe.mjs | tee seen
diff expected seen
