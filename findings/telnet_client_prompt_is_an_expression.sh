#!/usr/bin/env bash
# telnet-client 2.2.14: shellPrompt: "$ " never matches the prompt "$ "
#
# A good guess: The prompt "can be a string or an instance of RegExp": a string
# is looked for as it is, as in the README's own example "/ # ".
#
# What happens: A string is made into a regular expression without escaping. "$
# " asks for a space behind the end, so connect() fails with "Cannot connect"
# after its timeout, though it is connected and the prompt has come. "(dev)> "
# fails in the same way. loginPrompt, passwordPrompt and waitFor are read like
# that too.
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

async function show(prompt, shellPrompt) {
  const server = net.createServer((connection) => {
    connection.on("error", () => {});
    connection.write(prompt);
    connection.on("data", (bytes) => connection.write(`${bytes.toString().trim()} is fine\r\n${prompt}`));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new Telnet();
  const outcome = await client.connect({
    host: "127.0.0.1",
    port: server.address().port,
    shellPrompt,
    negotiationMandatory: true,
    echoLines: 0,
    timeout: 1000,
  }).then(() => client.exec("it")).then(JSON.stringify, (error) => `error: ${error.message}`);
  console.log(`prompt ${JSON.stringify(prompt)}, shellPrompt ${typeof shellPrompt === "string" ? JSON.stringify(shellPrompt) : shellPrompt}: ${outcome}`);
  client.destroy();
  server.close();
}
await show("/ # ", "/ # ");
await show("$ ", "$ ");
await show("(dev)> ", "(dev)> ");
await show("$ ", /\$ /);
CODE

cat >expected <<'TEXT'
prompt "/ # ", shellPrompt "/ # ": "it is fine\n"
prompt "$ ", shellPrompt "$ ": error: Cannot connect
prompt "(dev)> ", shellPrompt "(dev)> ": error: Cannot connect
prompt "$ ", shellPrompt /\$ /: "it is fine\n"
TEXT

node probe.mjs | tee seen
diff expected seen
