#!/usr/bin/env bash
# slip 1.0.2: a message within maxMessageSize is refused, and after it every
# other one
#
# A good guess: Messages larger than maxMessageSize bytes are refused, each with
# one call of onError, and the next message arrives.
#
# What happens: Not the message is measured but the buffer, which begins with
# bufferSize bytes (1024) and doubles when it is full. With maxMessageSize: 1500
# a message of 1025 bytes is refused. The buffer never becomes smaller: from
# then on each byte is refused by itself, and no message arrives again. With the
# limit that is there if none is given, 10 MB, the same begins at 8 MB.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  slip@1.0.2

cat >probe.mjs <<'CODE'
import slip from "slip";

let messages = 0, errors = 0;
const decoder = new slip.Decoder({
  maxMessageSize: 1500,
  onMessage: () => messages++,
  onError: () => errors++,
});
function send(size) {
  messages = errors = 0;
  decoder.decode(slip.encode(new Uint8Array(size)));
  console.log(`a message of ${size} bytes, at most 1500: ${messages} messages, ${errors} errors`);
}
send(1024);
send(1025);
send(20);
CODE

cat >expected <<'TEXT'
a message of 1024 bytes, at most 1500: 1 messages, 0 errors
a message of 1025 bytes, at most 1500: 0 messages, 1 errors
a message of 20 bytes, at most 1500: 0 messages, 20 errors
TEXT

node probe.mjs | tee seen
diff expected seen
