/** What the servers report about the streams and consumers of a queue. @module */
import type { ConsumerReply, StreamReply } from "./stream_config.ts";
import { consumerOf, type Line, type Subjects } from "./subjects.ts";
import { api, apiFind } from "./transport/jetstream_api.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./transport/reconnecting_connection.ts";

/** The report about a stream that is there. */
export function streamReport(
  connection: ReconnectingConnection,
  stream: string,
  options?: RequestOptions,
): Promise<StreamReply> {
  const info = `STREAM.INFO.${stream}`;
  return api<StreamReply>(connection, info, undefined, options);
}

/** The report about the consumer of a line; `undefined` if there is none. */
export function consumerReport(
  { connection, subjects, incarnation }: {
    readonly connection: ReconnectingConnection;
    readonly subjects: Subjects;
    readonly incarnation: string;
  },
  line: Line,
  options?: RequestOptions,
): Promise<ConsumerReply | undefined> {
  const info = `CONSUMER.INFO.${subjects.jobs}.${
    consumerOf(line, incarnation)
  }`;
  return apiFind<ConsumerReply>(connection, info, undefined, options);
}
