/** The names of all queues. @module */
import type { NatsJobsOptions } from "./nats_options.ts";
import { Subjects } from "./subjects.ts";
import { connectTo } from "./transport/connect.ts";
import { api, type ApiReply } from "./transport/jetstream_api.ts";
import { ReconnectingConnection } from "./transport/reconnecting_connection.ts";

const CONNECT_TIMEOUT = 5000;

interface NamesReply extends ApiReply {
  streams?: string[] | null;
  total: number;
}

/** The names of the queues on the servers. */
export async function queueNames(
  options: Omit<NatsJobsOptions, "name">,
): Promise<string[]> {
  const connection = new ReconnectingConnection(
    await connectTo({ ...options, name: "" }, CONNECT_TIMEOUT),
  );
  try {
    const prefix = new Subjects("").jobs;
    const streams: string[] = [];
    for (;;) {
      const { streams: page, total } = await api<NamesReply>(
        connection,
        "STREAM.NAMES",
        { offset: streams.length },
      );
      streams.push(...page ?? []);
      if (!page?.length || streams.length >= total) break;
    }
    return streams.filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length)).sort();
  } finally {
    await connection.close(new Error("closed"));
  }
}
