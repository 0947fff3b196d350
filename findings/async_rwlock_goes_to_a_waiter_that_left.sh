#!/usr/bin/env bash
# async-rwlock 1.1.1: a waiter that has timed out gets the lock all the same
#
# A good guess: A readLock() or writeLock() that ran into its time limit is out
# of the line: the next unlock() makes the lock idle.
#
# What happens: It stays in the line, and unlock() hands the lock to it: the
# state is "Reading" or "Writing", though no caller holds the lock, and none can
# release it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  async-rwlock@1.1.1

cat >probe.mjs <<'CODE'
import { RWLock, State } from "async-rwlock";

for (const kind of ["readLock", "writeLock"]) {
  const lock = new RWLock();
  await lock.writeLock();
  const outcome = await lock[kind](10).then(() => "locked", () => "timed out");
  lock.unlock();
  console.log(`async-rwlock 1.1.1: ${kind}(10) ${outcome}; after unlock() the state is ${State[lock.getState()]}`);
}
CODE

cat >expected <<'TEXT'
async-rwlock 1.1.1: readLock(10) timed out; after unlock() the state is Reading
async-rwlock 1.1.1: writeLock(10) timed out; after unlock() the state is Writing
TEXT

node probe.mjs | tee seen
diff expected seen
