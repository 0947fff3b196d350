#!/usr/bin/env bash
# hl7 1.1.1, simple-hl7 3.3.0, hl7-standard 1.0.4, @medplum/core 5.0.10: HL7
# escapes stay in the values; hl7v2 1.9.0 and tiny-hl7 1.0.7 write line breaks as
# text
#
# A good guess: A field of HL7 version 2 that has a delimiter in its text carries
# it escaped (\T\ for &, \S\ for ^, \F\ for |): who reads the value gets the
# text. What is read and written again says the same as before.
#
# What happens: Four parsers give the escapes as they came: "Smith & Sons" is
# stored as "Smith \T\ Sons". Three resolve them. Of these, hl7v2 and tiny-hl7
# keep \.br\, the line break of laboratory reports, as it came, and when they
# write, they take its backslashes for text and escape each: the report that is
# passed on has no line breaks any more, and shows ".br" between backslashes.
# tiny-hl7 also writes the & bare, so that one text becomes two parts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps \
  hl7@1.1.1 simple-hl7@3.3.0 hl7-standard@1.0.4 @medplum/core@5.0.10 \
  hl7v2@1.9.0 hl7v2-dictionary@1.8.0 node-hl7-client@2.3.1 tiny-hl7@1.0.7

cat >probe.mjs <<'CODE'
import { Hl7Message } from "@medplum/core";
import hl7 from "hl7";
import Standard from "hl7-standard";
import { HL7Message } from "hl7v2";
import { Message } from "node-hl7-client";
import simple from "simple-hl7";
import tiny from "tiny-hl7";

const text = [
  "MSH|^~\\&|A|B|C|D|20260105030405||ORU^R01|1|P|2.5",
  "OBX|1|TX|A^B||Smith \\T\\ Sons\\.br\\second line",
  "",
].join("\r");
const standard = new Standard(text);
standard.transform();
const read = {
  "node-hl7-client 2.3.1": new Message({ text }).get("OBX.5").toString(),
  "tiny-hl7 1.0.7": tiny.parse(text.replaceAll("\r", "\n"))[1]["OBX.5"],
  "hl7 1.1.1": hl7.parseString(text)[1][5].flat(9).join(),
  "simple-hl7 3.3.0": new simple.Parser().parse(text).getSegment("OBX").getField(5).toString(),
  "hl7-standard 1.0.4": standard.get("OBX.5"),
  "@medplum/core 5.0.10": Hl7Message.parse(text).getSegment("OBX").getField(5).toString(),
  "hl7v2 1.9.0": HL7Message.parse(text).getSegment("OBX").field(5).getValue(),
};
for (const [name, value] of Object.entries(read)) console.log(`${name}: ${value}`);
const written = {
  "node-hl7-client 2.3.1": new Message({ text }).toString(),
  "tiny-hl7 1.0.7": tiny.serialize(tiny.parse(text.replaceAll("\r", "\n"))),
  "hl7v2 1.9.0": HL7Message.parse(text).toHL7String(),
};
for (const [name, value] of Object.entries(written)) {
  console.log(`${name}, written again: ${value.split(/[\r\n]+/)[1].split("|")[5]}`);
}
CODE

cat >expected <<'TEXT'
node-hl7-client 2.3.1: Smith & Sons\.br\second line
tiny-hl7 1.0.7: Smith & Sons\.br\second line
hl7 1.1.1: Smith \T\ Sons\.br\second line
simple-hl7 3.3.0: Smith \T\ Sons\.br\second line
hl7-standard 1.0.4: Smith \T\ Sons\.br\second line
@medplum/core 5.0.10: Smith \T\ Sons\.br\second line
hl7v2 1.9.0: Smith & Sons\.br\second line
node-hl7-client 2.3.1, written again: Smith \T\ Sons\.br\second line
tiny-hl7 1.0.7, written again: Smith & Sons\E\.br\E\second line
hl7v2 1.9.0, written again: Smith \T\ Sons\E\.br\E\second line
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
