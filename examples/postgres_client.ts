/**
 * A client of PostgreSQL. A query that is cancelled is cancelled at the server,
 * too, and its connection can be used again.
 * `postgres_client.ts postgres://ada:secret@host/database 'select 1'` prints what
 * SQL gives. Without arguments it shows itself on a server of its own.
 */
import { Buffer } from "node:buffer";
import {
  type ConnectOptions,
  Lock,
  moveOnAfter,
  openConnection,
  Pool,
  run,
  shielded,
  type StreamReader,
  type Streams,
  type StreamWriter,
  type WaitOptions,
} from "@asyncio/asyncio";
import {
  bind,
  type Column,
  EXECUTE_AND_SYNC,
  message,
  Messages,
  numbers,
  PostgresError,
  prepare,
  Reply,
  type Result,
  type Row,
  saslStart,
  scram,
} from "./_postgres_protocol.ts";
import { startPostgres } from "./_postgres_server.ts";

export interface PostgresOptions extends ConnectOptions {
  user: string;
  password?: string;
  database?: string;
}

export { PostgresError, type Result, type Row };

/** Connects. For TLS, the server is asked first whether it speaks that. */
async function open({ tls, ...address }: ConnectOptions): Promise<Streams> {
  const { reader, writer } = await openConnection(address);
  try {
    if (tls) {
      writer.write(message("", numbers(4, 80877103)));
      const [answer] = await reader.readExactly(1);
      if (answer !== 83) throw new Error("Cannot connect: no TLS here"); // S
      await writer.startTls(tls === true ? {} : tls);
    }
    return { reader, writer };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** A connection. It runs one statement at a time; others wait for their turn. */
export class Postgres implements AsyncDisposable {
  readonly #options: PostgresOptions;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #lock = new Lock();
  readonly #login: ReturnType<typeof scram>;
  readonly #statements = new Map<string, { name: string; columns: Column[] }>();
  #count = 0;
  /** For a cancel: the process at the server, and a secret. */
  #key = [0, 0];
  /** "I": it is ready, and in no transaction. "": a reply is to come. */
  #state = "";
  #usedAt = 0;

  private constructor(options: PostgresOptions, streams: Streams) {
    this.#options = options;
    this.#reader = streams.reader;
    this.#writer = streams.writer;
    this.#login = scram(options.password ?? "");
  }

  static async connect(options: PostgresOptions): Promise<Postgres> {
    const client = new Postgres(options, await open(options));
    const { user, database = user } = options;
    const words = ["user", user, "database", database, ""];
    try {
      await client.#run(message("", numbers(4, 196608), ...words), new Reply());
      return client;
    } catch (error) {
      client.#writer.abort();
      throw error;
    }
  }

  /** Runs statements without parameters. */
  async execute(sql: string, options?: WaitOptions): Promise<Result[]> {
    const request = message("Q", sql);
    using _ = await this.#lock.acquire(options);
    const reply = new Reply();
    await this.#run(request, reply, options);
    return reply.results;
  }

  /** Runs one statement, with `values` for its $1, $2, and so on. */
  async query(
    sql: string,
    values: unknown[] = [],
    options?: WaitOptions,
  ): Promise<Result> {
    using _ = await this.#lock.acquire(options);
    while (true) {
      const known = this.#statements.get(sql);
      const name = known?.name ?? this.#newName();
      const reply = new Reply(known?.columns);
      const request = [bind(name, values), EXECUTE_AND_SYNC];
      if (known === undefined) request.unshift(prepare(name, sql));
      try {
        await this.#run(Buffer.concat(request), reply, options);
        return reply.results[0]!;
      } catch (error) {
        if (reply.error?.code !== "0A000" || !known) throw error;
        this.#statements.delete(sql); // its columns have changed: once more
        if (this.#state !== "I") throw error;
      } finally {
        const { columns, isPrepared } = reply;
        if (isPrepared) this.#statements.set(sql, { name, columns });
      }
    }
  }

  /** A name for a statement. The oldest of a hundred loses its own. */
  #newName(): string {
    const name = `s${this.#count++ % 100}`;
    const [oldest] = this.#statements;
    if (oldest?.[1].name === name) this.#statements.delete(oldest[0]);
    return name;
  }

  /** Commits what `body` does, or, if it fails, nothing. */
  async transaction<T>(body: () => Promise<T>): Promise<T> {
    await this.execute("begin");
    try {
      const value = await body();
      await this.execute("commit");
      return value;
    } catch (error) {
      await shielded(() => this.execute("rollback"), { timeout: 5_000 })
        .catch(() => this.#writer.abort());
      throw error;
    }
  }

  /** Whether it is in no transaction; an error if it is lost. */
  async isIdle(): Promise<boolean> {
    if (Date.now() - this.#usedAt > 500) { // or else it is taken to be there
      const reply = new Reply();
      await moveOnAfter(0, () => this.#receive(reply)); // what has come meanwhile
      if (reply.error !== undefined) this.#writer.abort();
    }
    return this.#state === "I" && !this.#writer.isClosing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#writer.isClosing) this.#writer.write(message("X"));
    await this.#writer[Symbol.asyncDispose]();
  }

  /** Sends a request, and takes the reply to it. */
  async #run(request: Buffer, reply: Reply, options?: WaitOptions) {
    this.#state = "";
    this.#writer.write(request);
    try {
      await this.#receive(reply, options);
    } catch (error) {
      await shielded(() => this.#stop(reply), { timeout: 5_000 })
        .catch(() => {});
      throw error;
    }
    if (reply.error !== undefined) throw reply.error;
  }

  /** Ends a request at the server; if that fails, ends the connection. */
  async #stop(reply: Reply): Promise<void> {
    const cancel = message("", numbers(4, 80877102, ...this.#key));
    try {
      // A cancel that overtakes its request does nothing: then it is repeated.
      while (this.#key[0] && this.#state === "" && !this.#reader.atEof) {
        const { reader, writer } = await open(this.#options);
        await using _ = writer;
        writer.write(cancel);
        await reader.read(); // the end says that the cancel was passed on
        await moveOnAfter(1_000, () => this.#receive(reply));
      }
    } finally {
      if (this.#state === "") this.#writer.abort();
    }
  }

  /** Takes messages until the reply is complete. */
  async #receive(reply: Reply, options?: WaitOptions): Promise<void> {
    let needed = 1;
    do {
      const bytes = await this.#reader.peek(needed, options);
      if (bytes.length < needed) {
        throw reply.error ?? new Error("The server has closed the connection");
      }
      const messages = new Messages(bytes);
      while (messages.next()) this.#take(messages, reply);
      needed = messages.needed - messages.end;
      this.#reader.discard(messages.end);
    } while (this.#state === "");
  }

  #take(answer: Messages, reply: Reply): void {
    switch (answer.type) {
      case "Z":
        this.#state = answer.rest();
        this.#usedAt = Date.now();
        break;
      case "K":
        this.#key = [answer.int32(), answer.int32()];
        break;
      case "G":
        this.#writer.write(message("f", "COPY FROM STDIN is not supported"));
        break;
      case "R":
        this.#authenticate(answer);
        break;
      default:
        reply.take(answer);
    }
  }

  #authenticate(answer: Messages): void {
    const kind = answer.int32();
    const login = this.#login;
    if (kind === 10) {
      this.#writer.write(saslStart(login.first));
    } else if (kind === 11) {
      const proof = Buffer.from(login.answer(answer.rest()));
      this.#writer.write(message("p", proof));
    } else if (kind === 12) {
      login.verify(answer.rest());
    } else if (kind !== 0) {
      throw new Error(`Cannot log in: only by SCRAM-SHA-256, received ${kind}`);
    }
  }
}

/** Connections that are kept for the next query. */
export function postgresPool(options: PostgresOptions, max = 10) {
  return new Pool({
    create: () => Postgres.connect(options),
    validate: (client) => client.isIdle(),
    destroy: (client) => client[Symbol.asyncDispose](),
    max,
  });
}

async function demonstrate(): Promise<void> {
  await using server = await startPostgres();
  await using pool = postgresPool(server, 2);
  using lease = await pool.acquire();
  const db = lease.resource;
  await db.execute("create temp table cats (name text primary key, lives int)");
  await db.transaction(async () => {
    for (const name of ["Ada", "Zoë"]) {
      await db.query("insert into cats values ($1, $2)", [name, 9]);
    }
  });
  console.log((await db.query("select * from cats")).rows);
  try {
    await db.query("insert into cats values ($1, $2)", ["Ada", 7]);
  } catch (error) {
    console.log(`${error}`);
  }
  await moveOnAfter(100, () => db.query("select pg_sleep(60)"));
  const { count } = await db.query(
    "select from pg_stat_activity where state = 'active' and query ~ '^select pg'",
  );
  console.log(`after the time limit, the server runs ${count} of them`);
}

if (import.meta.main) {
  const [address, sql = ""] = Deno.args;
  await run(async () => {
    if (address === undefined) return await demonstrate();
    const url = new URL(address);
    const { hostname, port, username: user } = url;
    const password = decodeURIComponent(url.password);
    const options = { hostname, port: Number(port || 5432), user, password };
    const database = url.pathname.slice(1) || user;
    await using client = await Postgres.connect({ ...options, database });
    for (const { rows } of await client.execute(sql)) console.table(rows);
  });
}
