/** Signals of the operating system, on every runtime. @module */
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";

/** As rarely as a timer can. */
const SELDOM = 2 ** 31 - 1;

/**
 * Keeps the process alive, as listening to a signal does not; the returned
 * function ends this.
 */
export function holdProcess(): () => void {
  const timer = setInterval(() => {}, SELDOM);
  return () => clearInterval(timer);
}

/**
 * Calls `listener` whenever `signal` arrives; the returned function ends this.
 */
export function onSignal(
  signal: Deno.Signal,
  listener: () => void,
): () => void {
  if ("Deno" in globalThis) {
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  }
  process.on(signal, listener);
  return () => void process.off(signal, listener);
}
