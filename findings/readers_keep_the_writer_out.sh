#!/usr/bin/env bash
# locks 0.2.2, mutex-ts 1.0.3, rwmutex 1.0.0, read-write-mutexify 2.1.0,
# async-rwlock 1.1.1: readers that come one after the other keep a writer out
# for ever
#
# A good guess: A writer that waits is next: readers that come after it wait for
# it, as with @rocicorp/lock 1.0.4, and with sync.RWMutex of Go, by which
# rwmutex says that it is inspired.
#
# What happens: A read lock is granted whenever readers hold the lock, also
# while a writer waits. As long as they overlap, each beginning before the last
# has ended, the writer does not get its turn: here it waits until there are no
# more readers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  locks@0.2.2 mutex-ts@1.0.3 rwmutex@1.0.0 read-write-mutexify@2.1.0 \
  async-rwlock@1.1.1 @rocicorp/lock@1.0.4

cat >probe.mjs <<'CODE'
import { RWLock as RocicorpLock } from "@rocicorp/lock";
import { RWLock } from "async-rwlock";
import locks from "locks";
import { MutexRW } from "mutex-ts";
import RwMutexify from "read-write-mutexify";
import RwMutex from "rwmutex";

const turn = () => new Promise((done) => setTimeout(done));
/** Ten readers of three turns each, one more in every turn; a writer comes after the second. */
async function show(name, read, write) {
  let readers = 0, before;
  const all = [];
  for (let i = 0; i < 10; i++) {
    all.push((async () => {
      const release = await read();
      readers++;
      for (let j = 0; j < 3; j++) await turn();
      release();
    })());
    if (i === 1) {
      all.push((async () => {
        const release = await write();
        before = readers;
        release();
      })());
    }
    await turn();
  }
  await Promise.all(all);
  console.log(`${name}: ${before} of 10 readers were let in before the writer`);
}
const rocicorp = new RocicorpLock();
await show("@rocicorp/lock 1.0.4", () => rocicorp.read(), () => rocicorp.write());
const async = new RWLock();
const held = (method) => async () => {
  await async[method]();
  return () => async.unlock();
};
await show("async-rwlock 1.1.1", held("readLock"), held("writeLock"));
const old = locks.createReadWriteLock();
const callback = (method) => () => new Promise((done) => old[method](() => done(() => old.unlock())));
await show("locks 0.2.2", callback("readLock"), callback("writeLock"));
const mutex = new MutexRW();
await show("mutex-ts 1.0.3", () => mutex.obtainRO(), () => mutex.obtainRW());
const go = new (RwMutex.default ?? RwMutex)();
await show("rwmutex 1.0.0", () => go.rlock(), () => go.lock());
const small = new RwMutexify();
const locked = (side) => async () => {
  await side.lock();
  return () => side.unlock();
};
await show("read-write-mutexify 2.1.0", locked(small.read), locked(small.write));
CODE

cat >expected <<'TEXT'
@rocicorp/lock 1.0.4: 2 of 10 readers were let in before the writer
async-rwlock 1.1.1: 10 of 10 readers were let in before the writer
locks 0.2.2: 10 of 10 readers were let in before the writer
mutex-ts 1.0.3: 10 of 10 readers were let in before the writer
rwmutex 1.0.0: 10 of 10 readers were let in before the writer
read-write-mutexify 2.1.0: 10 of 10 readers were let in before the writer
TEXT

node probe.mjs | tee seen
diff expected seen
