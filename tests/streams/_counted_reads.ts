/** A socket whose reads are counted. @module */

/** Counts the reads of a connection of this program. */
export class CountedReads {
  count = 0;

  constructor(conn: Deno.Conn) {
    const read = conn.read.bind(conn);
    conn.read = (buffer) => {
      this.count++;
      return read(buffer);
    };
  }
}
