/** Where the messages of NATS's protocol begin and end. @module */

const LINE_FEED = 10;

/** Messages with a payload, whose length is the last word of their line. */
const WITH_PAYLOAD = /^(?:H?MSG|H?PUB) .* (\d+)\r\n$/i;

const decoder = new TextDecoder();

/** Puts messages together that come in pieces. */
export class WholeMessages {
  #rest = new Uint8Array();

  /** Adds bytes, and returns the messages that are complete. */
  add(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let end = 0;
    for (let next = endOf(all, 0); next <= all.length; next = endOf(all, end)) {
      end = next;
    }
    this.#rest = all.slice(end);
    return all.subarray(0, end);
  }
}

/** The end of the message that begins at `start`; Infinity if its line has none. */
function endOf(bytes: Uint8Array, start: number): number {
  const lineEnd = bytes.indexOf(LINE_FEED, start) + 1;
  if (lineEnd === 0) return Infinity;
  const line = decoder.decode(bytes.subarray(start, lineEnd));
  const length = WITH_PAYLOAD.exec(line)?.[1];
  return length === undefined ? lineEnd : lineEnd + Number(length) + 2;
}
