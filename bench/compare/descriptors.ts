/** How many files and sockets a program may have open here: Deno raises its own limit to the hard one. */
export function maxDescriptors(): number {
  const args = ["-c", "ulimit -Hn"];
  const { stdout } = new Deno.Command("sh", { args }).outputSync();
  const limit = Number(new TextDecoder().decode(stdout));
  return Number.isNaN(limit) ? Infinity : limit; // "unlimited"
}

/** Connections that fit when a process has so many ends of each, and some files besides. */
export function maxConnections(wanted: number, ends: number): number {
  return Math.min(wanted, Math.floor((maxDescriptors() - 100) / ends));
}
