/**
 * What a program of this benchmark does, whatever queue it uses: plain
 * JavaScript, as it runs on Deno and on Node.
 *
 * A worker prints "ready", then how many jobs it has done and when the last one
 * was, and at the end of its input how long each was on its way. A producer
 * prints when it began.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/**
 * @typedef {object} BenchQueue
 * @property {(value: { sent: number }) => Promise<unknown>} put
 * @property {(handler: (value: { sent: number }) => Promise<void>, concurrency: number) => Promise<() => Promise<void>>} work
 *   Starts working, and gives what ends it.
 * @property {() => Promise<void>} close
 */

/** How many puts are under way at a time. */
const PUTS = 100;

/** Milliseconds between two jobs where their latency is what counts. */
const PACE = 2;

/** @returns {number} Milliseconds that all processes of a machine agree on. */
function now() {
  return performance.timeOrigin + performance.now();
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * @param {BenchQueue} queue
 * @param {number} concurrency
 */
async function work(queue, concurrency) {
  /** @type {number[]} */
  const latencies = [];
  let last = 0, told = 0;
  const stop = await queue.work(({ sent }) => {
    last = now();
    latencies.push(last - sent);
    return Promise.resolve();
  }, concurrency);
  const telling = setInterval(() => {
    if (latencies.length === told) return;
    told = latencies.length;
    say(`done ${told} ${last}`);
  }, 20);
  say("ready");
  for await (const _ of process.stdin);
  clearInterval(telling);
  await stop();
  for (let at = 0; at < latencies.length; at += 500) { // no line is too long
    say(`latencies ${JSON.stringify(latencies.slice(at, at + 500))}`);
  }
}

/**
 * @param {BenchQueue} queue
 * @param {number} count
 */
async function produce(queue, count) {
  say(`start ${now()}`);
  let left = count;
  await Promise.all(Array.from({ length: PUTS }, async () => {
    while (left-- > 0) await queue.put({ sent: now() });
  }));
}

/**
 * @param {BenchQueue} queue
 * @param {number} count
 */
async function pace(queue, count) {
  say(`start ${now()}`);
  for (let i = 0; i < count; i++) {
    await queue.put({ sent: now() });
    await delay(PACE);
  }
}

/**
 * Plays a role, or several in one process: "work 50", "produce 1000", "pace 1000".
 *
 * @param {BenchQueue} queue
 * @param {string[]} roles
 */
export async function play(queue, roles) {
  await Promise.all(roles.map((role) => {
    const [name, count] = role.split(" ");
    if (name === "work") return work(queue, Number(count));
    if (name === "pace") return pace(queue, Number(count));
    return produce(queue, Number(count));
  }));
  await queue.close();
  const { user, system } = process.cpuUsage();
  say(`cpu ${(user + system) / 1000}`);
}
