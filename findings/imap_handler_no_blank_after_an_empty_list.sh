#!/usr/bin/env bash
# emailjs-imap-handler 3.0.6: what follows an empty list has no blank in front of
# it
#
# A good guess: parser() and compiler() are each other's inverse, and between the
# parts of an answer there is one blank.
#
# What happens: compiler() leaves out the blank behind "()". A mailbox without
# attributes is the most frequent answer to LIST, and is written
# `LIST ()"/" INBOX`, which RFC 3501 does not have: a strict client ends the
# connection there. Behind a list that has something in it the blank is written.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  emailjs-imap-handler@3.0.6

cat >probe.mjs <<'CODE'
import imap from "emailjs-imap-handler";
import { Buffer } from "node:buffer";

for (const line of [
  '* LIST () "/" INBOX',
  "* LIST () NIL INBOX",
  '* LIST (\\HasChildren) "/" INBOX',
  "* 1 FETCH (FLAGS () UID 5)",
  "A1 STORE 1 FLAGS ()",
]) {
  const compiled = Buffer.from(imap.compiler(imap.parser(new TextEncoder().encode(line)))).toString();
  console.log(line === compiled ? `same: ${line}` : `read:    ${line}\nwritten: ${compiled}`);
}
CODE

cat >expected <<'TEXT'
read:    * LIST () "/" INBOX
written: * LIST ()"/" INBOX
read:    * LIST () NIL INBOX
written: * LIST ()NIL INBOX
same: * LIST (\HasChildren) "/" INBOX
read:    * 1 FETCH (FLAGS () UID 5)
written: * 1 FETCH (FLAGS ()UID 5)
same: A1 STORE 1 FLAGS ()
TEXT

node probe.mjs | tee seen
diff expected seen
