/** @module */
import type { StreamReader } from "./stream_reader.ts";
import type { StreamWriter } from "./stream_writer.ts";

/**
 * Serves a client, in a task of its own. When it has returned, the connection stays
 * open for other tasks that use it; see {@linkcode Server}. An error closes it.
 */
export type ConnectionHandler = (
  reader: StreamReader,
  writer: StreamWriter,
) => unknown;
