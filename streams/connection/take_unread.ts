/** @module */
import type { BufferedSource } from "../buffer/buffered_source.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { sleep } from "../../tasks/sleep.ts";

/** How much is taken at most, in bytes; as asyncio. */
const MAX_DISCARDED_AT_CLOSE = 131072;

/**
 * Takes what is there, before a socket is closed: the system answers the close of
 * one with bytes unread by a reset, and drops what is still on its way to the peer.
 */
export async function takeUnread(source: BufferedSource): Promise<void> {
  const { buffer } = source;
  const came = () => buffer.position + buffer.size;
  const most = came() + MAX_DISCARDED_AT_CLOSE;
  let before = -1;
  while (!source.isOver && before < came() && before < most) {
    before = came();
    source.readAhead();
    await detached(() => sleep(0)); // in which what is there comes
  }
}
