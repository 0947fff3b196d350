/** Signals of the operating system, on every runtime. @module */
import { clearInterval, setInterval } from "node:timers";

/** As rarely as a timer can. */
const SELDOM = 2 ** 31 - 1;

/**
 * Calls `listener` whenever `signal` arrives, and keeps the process alive for
 * that, on every runtime alike; the returned function ends this.
 */
export function onSignal(
  signal: Deno.Signal,
  listener: () => void,
): () => void {
  const stop = listen(signal, listener);
  const timer = setInterval(() => {}, SELDOM);
  return () => {
    clearInterval(timer);
    stop();
  };
}

function listen(signal: Deno.Signal, listener: () => void): () => void {
  if ("Deno" in globalThis) {
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  }
  globalThis.process.on(signal, listener);
  return () => void globalThis.process.off(signal, listener);
}
