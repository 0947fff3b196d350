#!/usr/bin/env bash
# poplib 0.1.7, mailpop3 0.1.0, yapople 0.4.10, node-pop3 0.11.0: mail comes with
# dots that are not in it
#
# A good guess: A line of a mail that begins with a dot is sent with a second one
# in front (RFC 1939), as a single dot ends the mail: retr() takes it off again.
#
# What happens: None of the four takes it off. A line ".", ".profile" or
# "...and so on" has one dot more than was sent, also within attachments and
# signed text, whose signature is wrong then. poplib also reads eight bits as
# seven: "ü" is "C<".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  poplib@0.1.7 mailpop3@0.1.0 yapople@0.4.10 node-pop3@0.11.0

cat >probe.mjs <<'CODE'
import { createRequire } from "node:module";
import { createServer } from "node:net";
import process from "node:process";

const require = createRequire(import.meta.url);
const mail = ["Subject: dots", "", ".", ".profile", "...and", "Grün", ""].join("\r\n");
const stuffed = mail.replace(/^\./gm, "..");
const answers = { RETR: `${Buffer.byteLength(mail)} octets\r\n${stuffed}.` };
const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.write("+OK ready\r\n");
  socket.on("data", (data) => {
    for (const line of data.toString().split("\r\n").slice(0, -1)) {
      socket.write(`+OK ${answers[line.split(" ")[0].toUpperCase()] ?? "done"}\r\n`);
    }
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const { port } = server.address(), host = "127.0.0.1";

const events = (name) => () =>
  new Promise((done, failed) => {
    const client = new (require(name))(port, host, { enabletls: false });
    client.on("error", failed);
    client.on("connect", () => client.login("user", "password"));
    client.on("login", () => client.retr(1));
    client.on("retr", (_state, _number, text) => done(text));
  });
const readers = {
  "poplib 0.1.7": events("poplib"),
  "mailpop3 0.1.0": events("mailpop3"),
  "yapople 0.4.10": async () => {
    const { Client } = require("yapople");
    const client = new Client({ host, port, tls: false, mailparser: false, username: "user", password: "password" });
    await client.connect();
    return client.retrieve(1);
  },
  "node-pop3 0.11.0": async () => {
    const { default: Client } = await import("node-pop3");
    return new Client({ user: "user", password: "password", host, port }).RETR(1);
  },
};
console.log(`sent: ${JSON.stringify(mail.split("\r\n").slice(2, -1))}`);
for (const [name, read] of Object.entries(readers)) {
  const lines = String(await read()).split("\r\n").slice(2).filter((line) => line !== "");
  console.log(`${name}: ${JSON.stringify(lines)}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
sent: [".",".profile","...and","Grün"]
poplib 0.1.7: ["..","..profile","....and","GrC<n"]
mailpop3 0.1.0: ["..","..profile","....and","Grün"]
yapople 0.4.10: ["..","..profile","....and","Grün"]
node-pop3 0.11.0: ["..","..profile","....and","Grün"]
TEXT

node probe.mjs | tee seen
diff expected seen
