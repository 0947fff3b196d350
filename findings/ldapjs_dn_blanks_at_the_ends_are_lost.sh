#!/usr/bin/env bash
# @ldapjs/dn 1.1.0: a name that begins or ends with a blank becomes another name,
# and cn=Ann is not cn=ann
#
# A good guess: The blank at either end of a value is written \20 (RFC 4514) so
# that it is kept: fromString() and toString() give the same name. equals()
# compares as directories do, without regard to case.
#
# What happens: fromString() first resolves the escape, then removes blanks from
# the ends: a request about the entry goes to another one, or to none. The class
# itself writes such blanks as \20, so it does not read what it wrote. equals()
# tells "CN" from "cn", though the type of an attribute never has a case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @ldapjs/dn@1.1.0

cat >probe.mjs <<'CODE'
import ldap from "@ldapjs/dn";

const { DN, RDN } = ldap;
const written = new DN({ rdns: [new RDN({ cn: "Ann " }), new RDN({ dc: "x" })] }).toString();
console.log(`written: ${written}, read: ${DN.fromString(written)}`);
for (const [one, other] of [["cn=Ann\\20", "cn=Ann"], ["CN=Ann", "cn=Ann"], ["cn=ann", "cn=Ann"], ["cn=a+sn=b", "sn=b+cn=a"]]) {
  console.log(`${one} equals ${other}: ${DN.fromString(one).equals(DN.fromString(other))}`);
}
CODE

cat >expected <<'TEXT'
written: cn=Ann\20,dc=x, read: cn=Ann,dc=x
cn=Ann\20 equals cn=Ann: true
CN=Ann equals cn=Ann: false
cn=ann equals cn=Ann: false
cn=a+sn=b equals sn=b+cn=a: true
TEXT

node probe.mjs | tee seen
diff expected seen
