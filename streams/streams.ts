/** @module */
import type { StreamReader } from "./stream_reader.ts";
import type { StreamWriter } from "./stream_writer.ts";

/** Both directions of a connection. */
export interface Streams {
  /** What the peer sends. */
  reader: StreamReader;
  /** What goes to the peer. */
  writer: StreamWriter;
}
