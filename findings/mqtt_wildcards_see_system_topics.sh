#!/usr/bin/env bash
# mqtt-match 3.0.0, mqtt-pattern 2.1.1, mqtt-emitter 4.1.0, qlobber 8.0.1: the
# filter "#" matches $SYS topics, and two of them miss empty levels
#
# A good guess: They match as a broker does, by the standard (MQTT 3.1.1 and 5.0,
# section 4.7): a filter that begins with a wildcard does not match a topic that
# begins with "$", and "+" matches one level, which may be empty.
#
# What happens: "#" and "+/uptime" match "$SYS/uptime" in all four: a local
# dispatcher for "#" gets messages of the broker that no subscription to "#"
# brings. mqtt-pattern and qlobber do not match an empty level by "+"; for
# qlobber this is the option match_empty_levels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  mqtt-match@3.0.0 mqtt-pattern@2.1.1 mqtt-emitter@4.1.0 qlobber@8.0.1

cat >probe.mjs <<'CODE'
import MqttEmitter from "mqtt-emitter";
import mqttMatch from "mqtt-match";
import mqttPattern from "mqtt-pattern";
import { Qlobber } from "qlobber";

const standard = [
  ["#", "$SYS/uptime", false],
  ["+/uptime", "$SYS/uptime", false],
  ["$SYS/#", "$SYS/uptime", true],
  ["sport/#", "sport", true],
  ["sport/+", "sport", false],
  ["sport/+", "sport/", true],
  ["+/+", "/finance", true],
  ["a/+/b", "a//b", true],
];
const matchers = {
  "mqtt-match": mqttMatch,
  "mqtt-pattern": mqttPattern.matches,
  "mqtt-emitter": (filter, topic) => {
    let heard = false;
    const emitter = new MqttEmitter();
    emitter.on(filter, () => heard = true);
    emitter.emit(topic, "");
    return heard;
  },
  qlobber: (filter, topic) => {
    const tree = new Qlobber({ separator: "/", wildcard_one: "+", wildcard_some: "#" });
    tree.add(filter, "found");
    return tree.match(topic).length > 0;
  },
};
for (const [name, matches] of Object.entries(matchers)) {
  const other = standard.filter(([filter, topic, wanted]) => matches(filter, topic) !== wanted);
  console.log(`${name}, not as the standard says:`);
  for (const [filter, topic, wanted] of other) {
    console.log(`  ${filter} ${wanted ? "does not match" : "matches"} ${topic}`);
  }
}
CODE

cat >expected <<'TEXT'
mqtt-match, not as the standard says:
  # matches $SYS/uptime
  +/uptime matches $SYS/uptime
mqtt-pattern, not as the standard says:
  # matches $SYS/uptime
  +/uptime matches $SYS/uptime
  sport/+ does not match sport/
  +/+ does not match /finance
  a/+/b does not match a//b
mqtt-emitter, not as the standard says:
  # matches $SYS/uptime
  +/uptime matches $SYS/uptime
qlobber, not as the standard says:
  # matches $SYS/uptime
  +/uptime matches $SYS/uptime
  sport/+ does not match sport/
  +/+ does not match /finance
  a/+/b does not match a//b
TEXT

node probe.mjs | tee seen
diff expected seen
