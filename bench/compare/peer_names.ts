/** What is compared: this package, its floors, and its peers. */

export const peerNames = [
  "this_package",
  "bare",
  "std_async",
  "std_pool",
  "asyncio",
  "uvloop",
  "effect",
  "effection",
  "p_queue",
  "p_limit",
  "p_map",
  "streaming_iterables",
  "rxjs",
  "fastq",
  "async_mutex",
  "generic_pool",
  "tarn",
  "execa",
] as const;

export type PeerName = typeof peerNames[number];

/** What npm has to offer: this package is to be ahead of all of it. */
export function isFromNpm(name: PeerName): boolean {
  return peerNames.indexOf(name) >= peerNames.indexOf("effect");
}
