#!/usr/bin/env bash
# @ldapjs/filter 2.1.1: an escape in a filter is searched for as a backslash and
# two digits
#
# A good guess: A filter writes *, (, ), a backslash and any byte as a backslash
# and two hexadecimal digits (RFC 4515): (cn=\2a) is a search for a star,
# (objectGUID=\90\39\5f) for three bytes, which is how a directory is asked for
# the owner of a GUID. What toString() of a filter gives, parseString() reads.
#
# What happens: parseString() leaves every escape as it is, and toBer() sends its
# three characters: such a search finds nothing, without an error. The filter
# that is made of objects sends the star, and its own text read back does not. A
# log does not tell, since both have the same toString().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @ldapjs/filter@2.1.1

cat >probe.mjs <<'CODE'
import filter from "@ldapjs/filter";

const { EqualityFilter, parseString } = filter;
function show(name, filter) {
  const bytes = filter.toBer().buffer;
  // The value is the last element: its length is the byte in front of it.
  const start = 4 + bytes[3], length = bytes[start + 1];
  const value = bytes.subarray(start + 2, start + 2 + length);
  console.log(`${name}: toString() ${filter}, sends ${length} bytes: ${value.toString("latin1")}`);
}
const star = new EqualityFilter({ attribute: "cn", value: "*" });
show("object, value *", star);
show("text of that", parseString(star.toString()));
show("three bytes", parseString("(objectGUID=\\90\\39\\5f)"));
CODE

cat >expected <<'TEXT'
object, value *: toString() (cn=\2a), sends 1 bytes: *
text of that: toString() (cn=\2a), sends 3 bytes: \2a
three bytes: toString() (objectGUID=\90\39\5f), sends 9 bytes: \90\39\5f
TEXT

node probe.mjs | tee seen
diff expected seen
