/**
 * A process that does without a queue of jobs, on JetStream alone, with NATS's own
 * client: deno run -A bare.ts SERVER NAME PULL CONFIRM ROLE...
 *
 * PULL jobs are asked for at a time; CONFIRM is "each" if each settlement is waited
 * for, or "none".
 */
import { connect, headers } from "npm:@nats-io/transport-node@3.4.0";
import { play } from "./roles.js";

interface Value {
  sent: number;
}

const [servers = "", name = "bench", pull = "10", confirm, ...roles] =
  Deno.args;

const connection = await connect({ servers, noAsyncTraces: true });
const stream = `BARE_${name}`;
const subject = `bare.${name}`;

async function api(what: string, body: unknown): Promise<void> {
  await connection.request(`$JS.API.${what}`, JSON.stringify(body));
}

await api(`STREAM.CREATE.${stream}`, {
  name: stream,
  subjects: [subject],
  retention: "workqueue",
  storage: "file",
  discard: "new",
  duplicate_window: 120e9,
});
await api(`CONSUMER.DURABLE.CREATE.${stream}.workers`, {
  stream_name: stream,
  config: {
    durable_name: "workers",
    ack_policy: "explicit",
    ack_wait: 33e9,
    max_ack_pending: -1,
  },
});

async function put(value: Value): Promise<void> {
  const ids = headers();
  ids.set("Nats-Msg-Id", crypto.randomUUID());
  const data = JSON.stringify(value);
  const { error } = (await connection.request(subject, data, {
    headers: ids,
    timeout: 10_000,
  })).json<{ error?: unknown }>();
  if (error) throw new Error(JSON.stringify(error));
}

/** Asks for jobs again whenever half of what was asked for has come. */
function work(
  handler: (value: Value) => Promise<void>,
  concurrency: number,
): Promise<() => Promise<void>> {
  const inbox = `_INBOX.${crypto.randomUUID()}`;
  const batch = Number(pull);
  const most = Math.max(concurrency, 2 * batch);
  let asked = 0, running = 0, ended = false;
  const waiting: { data: Value; reply: string }[] = [];

  const ask = () => {
    while (!ended && asked + waiting.length + running <= most - batch) {
      asked += batch;
      connection.publish(
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.workers`,
        JSON.stringify({ batch, expires: 3e9 }),
        { reply: inbox },
      );
    }
  };
  const run = async () => {
    running++;
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      await handler(job.data);
      if (confirm === "each") await connection.request(job.reply, "+ACK");
      else connection.publish(job.reply, "+ACK");
    }
    running--;
    ask();
  };
  connection.subscribe(inbox, {
    callback: (_, message) => {
      if (!message.reply) {
        const left = message.headers?.get("Nats-Pending-Messages");
        asked = Math.max(asked - Number(left || batch), 0);
        return ask();
      }
      asked--;
      waiting.push({ data: message.json<Value>(), reply: message.reply });
      if (running < concurrency) run();
    },
  });
  ask();
  return Promise.resolve(async () => {
    ended = true;
    await connection.flush();
  });
}

await play({ put, work, close: () => connection.close() }, roles);
