/** A turn of the runtime's own loop: what the peers without a sleep(0) wait for. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
