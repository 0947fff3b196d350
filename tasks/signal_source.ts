/** Signals of the operating system, on every runtime. @module */
import process from "node:process";

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
