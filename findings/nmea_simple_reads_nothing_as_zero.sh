#!/usr/bin/env bash
# nmea-simple 3.3.0: a field that is empty is the number 0
#
# A good guess: An instrument that has no value leaves the field empty, and the
# parser says so, with null, undefined or NaN, as gps 0.9.0 does.
#
# What happens: All numbers are 0 then: an echo sounder that has lost the bottom
# measures no depth, a compass without a value points north, a satellite that is
# not tracked stands at the horizon. These sentences have no other field that
# tells. A receiver that has no position is at 0, 0 in January 1970.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  nmea-simple@3.3.0 gps@0.9.0

cat >probe.mjs <<'CODE'
import GPS from "gps";
import { parseNmeaSentence } from "nmea-simple";

function sentence(body) {
  const sum = [...body].reduce((all, letter) => all ^ letter.charCodeAt(0), 0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
}
const read = (body) => parseNmeaSentence(sentence(body));
const { depthMeters } = read("SDDBT,,f,,M,,F");
const { heading } = read("IIHDT,,T");
const { trackTrue, speedKnots } = read("GPVTG,,T,,M,,N,,K");
const { latitude, longitude, time, altitudeMeters } = read("GPGGA,,,,,,0,,,,,,,,");
const [satellite] = read("GPGSV,1,1,01,09,,,").satellites;
console.log("nmea-simple 3.3.0, sentences with empty fields:");
console.log(`  DBT: ${JSON.stringify({ depthMeters })}`);
console.log(`  HDT: ${JSON.stringify({ heading })}`);
console.log(`  VTG: ${JSON.stringify({ trackTrue, speedKnots })}`);
console.log(`  GGA: ${JSON.stringify({ latitude, longitude, altitudeMeters, time })}`);
console.log(`  GSV: ${JSON.stringify(satellite)}`);
console.log("gps 0.9.0:");
console.log(`  HDT: ${JSON.stringify({ heading: GPS.Parse(sentence("IIHDT,,T")).heading })}`);
const { track, speed } = GPS.Parse(sentence("GPVTG,,T,,M,,N,,K"));
console.log(`  VTG: ${JSON.stringify({ track, speed })}`);
CODE

cat >expected <<'TEXT'
nmea-simple 3.3.0, sentences with empty fields:
  DBT: {"depthMeters":0}
  HDT: {"heading":0}
  VTG: {"trackTrue":0,"speedKnots":0}
  GGA: {"latitude":0,"longitude":0,"altitudeMeters":0,"time":"1970-01-01T00:00:00.000Z"}
  GSV: {"prnNumber":9,"elevationDegrees":0,"azimuthTrue":0,"SNRdB":0}
gps 0.9.0:
  HDT: {"heading":null}
  VTG: {"track":null,"speed":null}
TEXT

node probe.mjs | tee seen
diff expected seen
