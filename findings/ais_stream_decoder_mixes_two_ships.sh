#!/usr/bin/env bash
# ais-stream-decoder 2.1.2: the halves of two ships become one, and messages
# that overlap are lost
#
# A good guess: A sentence says which message it belongs to (its sequence number
# and channel) and which part of it it is: parts of two messages that come in
# turns, as from a receiver of both channels, give both. A part without its
# other half gives nothing.
#
# What happens: Parts are put into one list until one says that it is the last.
# If the number is right they are one message, whichever numbers they have: a
# lost half is replaced by that of another ship. If not, an error ends the
# stream; with { silent: true } both messages are left out without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  ais-stream-decoder@2.1.2

cat >probe.mjs <<'CODE'
import decoder from "ais-stream-decoder";
import { once } from "node:events";

// Message 5 (name and destination of a ship), in two sentences.
const number = (value, bits) => value.toString(2).padStart(bits, "0");
const text = (value, length) =>
  [...value.padEnd(length, "@")].map((letter) => number(letter.charCodeAt(0) & 63, 6)).join("");
function sentences(sequence, channel, mmsi, name, destination) {
  const bits = number(5, 6) + number(0, 2) + number(mmsi, 30) + number(0, 2) + number(0, 30) + text("", 7) +
    text(name, 20) + number(70, 8) + number(0, 30) + number(1, 4) + number(0, 20) + number(0, 8) +
    text(destination, 20) + "00";
  const letters = bits.match(/.{6}/g).map((six) => {
    const value = parseInt(six, 2);
    return String.fromCharCode(value < 40 ? value + 48 : value + 56);
  }).join("");
  return [letters.slice(0, 50), letters.slice(50)].map((part, index) => {
    const body = `AIVDM,2,${index + 1},${sequence},${channel},${part},${index === 0 ? 0 : 2}`;
    const sum = [...body].reduce((all, letter) => all ^ letter.charCodeAt(0), 0);
    return `!${body}*${number(sum, 8).match(/.{4}/g).map((four) => parseInt(four, 2).toString(16).toUpperCase()).join("")}`;
  });
}
const [a1, a2] = sentences(3, "A", 211000001, "FIRST SHIP", "HAMBURG");
const [b1, b2] = sentences(4, "B", 244000002, "SECOND SHIP", "ROTTERDAM");

async function show(title, lines, options) {
  const stream = new decoder.default(options), seen = [];
  stream.on("data", (json) => {
    const { name, destination } = JSON.parse(json);
    seen.push(`${name} to ${destination}`);
  });
  stream.on("error", (error) => seen.push(`error: ${error.message.split(" (")[0]}`));
  const closed = once(stream, "close").catch(() => {});
  for (const line of lines) stream.write(line);
  stream.end();
  await closed;
  console.log(`${title}: ${seen.join(", ") || "nothing"}`);
}
await show("one after the other ", [a1, a2, b1, b2]);
await show("in turns            ", [a1, b1, a2, b2]);
await show("in turns, silent    ", [a1, b1, a2, b2], { silent: true });
await show("two parts were lost ", [a1, b2]);
CODE

cat >expected <<'TEXT'
one after the other : FIRST SHIP to HAMBURG, SECOND SHIP to ROTTERDAM
in turns            : error: Incorrect multipart order
in turns, silent    : nothing
two parts were lost : FIRST SHIP to ROTTERDAM
TEXT

node probe.mjs | tee seen
diff expected seen
