#!/usr/bin/env bash
# irc-framework 4.14.0: a message that is passed on loses its empty last parameter
#
# A good guess: The text of a message that was read says the same as the message:
# "TOPIC #c :" removes the topic of a channel, "AWAY :" and "PART #c :" have an
# empty text.
#
# What happens: to1459() puts a colon only in front of parameters with a blank or
# a colon, and raw() as well. An empty one becomes a blank at the end of the
# line, which servers leave out: "TOPIC #c " asks for the topic instead of
# removing it. (clearTopic() knows that, and writes its colon itself.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  irc-framework@4.14.0

cat >probe.mjs <<'CODE'
import irc from "irc-framework";
import parse from "irc-framework/src/irclineparser.js";

for (const line of ["TOPIC #c :new topic", "TOPIC #c ::)", "TOPIC #c :", ":server 332 me #c :"]) {
  const again = parse(line).to1459();
  console.log(`${JSON.stringify(line)}: ${JSON.stringify(again)}, of ${parse(line).params.length} parameters ${parse(again.trimEnd()).params.length}`);
}
const client = new irc.Client();
console.log(`rawString(): ${JSON.stringify(client.rawString("TOPIC", "#c", ""))}`);
CODE

cat >expected <<'TEXT'
"TOPIC #c :new topic": "TOPIC #c :new topic", of 2 parameters 2
"TOPIC #c ::)": "TOPIC #c ::)", of 2 parameters 2
"TOPIC #c :": "TOPIC #c ", of 2 parameters 1
":server 332 me #c :": ":server 332 me #c ", of 3 parameters 2
rawString(): "TOPIC #c "
TEXT

node probe.mjs | tee seen
diff expected seen
