import { assert, assertEquals, assertRejects } from "@std/assert";
import { startPostgres } from "../../examples/_postgres_server.ts";
import {
  Postgres,
  PostgresError,
  postgresPool,
  type Result,
} from "../../examples/postgres_client.ts";
import {
  createTask,
  gather,
  isCancelled,
  moveOnAfter,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { outputOf, testWith } from "../streams/_programs.ts";
import { certificates } from "../streams/_certificates.ts";
import { Example } from "./_example.ts";

testWith(["psql"], "the PostgreSQL client", async (t) => {
  await using server = await startPostgres();
  const step = (name: string, body: (db: Postgres) => Promise<void>) =>
    t.step(name, () =>
      run(async () => {
        await using db = await Postgres.connect(server);
        await body(db);
      }));
  const pid = async (db: Postgres) =>
    (await db.query("select pg_backend_pid() as pid")).rows[0]!.pid;
  /** How many statements with this text in them run at the server. */
  const running = async (text: string) => {
    await using other = await Postgres.connect(server);
    const { rows } = await other.query(
      `select from pg_stat_activity where pid <> pg_backend_pid()
        and state = 'active' and query like $1`,
      [`%${text}%`],
    );
    return rows.length;
  };

  await step("reads what psql has written, and the reverse", async (db) => {
    const psql = (sql: string) => {
      const { user, password, port, database } = server;
      const url =
        `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
      return outputOf("psql", ["-X", "-A", "-t", "-c", sql, url]);
    };
    await psql(
      "create table names (name text); insert into names values ('Łódź')",
    );
    const { rows } = await db.query("select * from names");
    assertEquals(rows, [{ name: "Łódź" }]);
    await db.query("update names set name = $1", ["Zoë 😀"]);
    assertEquals(await psql("select name from names"), "Zoë 😀\n");
  });

  await step("gives values of each type", async (db) => {
    const { rows } = await db.query(`select
      true as yes, false as no, null as nothing, -7::int2 as small, 2147483647 as int,
      -9007199254740993 as big, 1.5::float8 as float, 'NaN'::float4 as nan,
      1.10::numeric as money, '\\x00ff'::bytea as bytes, '{"a": [1, null]}'::jsonb as json,
      '2024-02-29 12:00+02'::timestamptz as moment, '{1,2}'::int[] as list, '' as empty`);
    assertEquals(rows, [{
      ...{ yes: true, no: false, nothing: null, small: -7, int: 2147483647 },
      ...{ big: -9007199254740993n, float: 1.5, nan: NaN, money: "1.10" },
      ...{ bytes: new Uint8Array([0, 255]), json: { a: [1, null] } },
      moment: new Date("2024-02-29T10:00Z"),
      ...{ list: "{1,2}", empty: "" },
    }]);
  });

  await step("takes values of each type", async (db) => {
    const check = async (type: string, value: unknown, text: unknown) => {
      const { rows } = await db.query(`select $1::${type}::text as it`, [
        value,
      ]);
      assertEquals(rows, [{ it: text }]);
    };
    await check("bool", true, "true");
    await check("int", -5, "-5");
    await check("int8", 9007199254740993n, "9007199254740993");
    await check("text", null, null);
    await check("text", undefined, null);
    await check("text", "", "");
    await check("bytea", new Uint8Array([0, 255]), "\\x00ff");
    await check("jsonb", { a: ["ü"] }, '{"a": ["ü"]}');
    await check(
      "timestamptz at time zone 'UTC'",
      new Date(0),
      "1970-01-01 00:00:00",
    );
    await check("int[]", [1, null, 3], "{1,NULL,3}");
    await check("text[]", ['a"\\', "NULL", ""], '{"a\\"\\\\","NULL",""}');
    await check("int[]", [[1, 2], [3, 4]], "{{1,2},{3,4}}");
  });

  await step("gives a result for each statement", async (db) => {
    const results = await db.execute(`create temp table t (n int);
      insert into t select generate_series(1, 3); select * from t where n > 1; ;`);
    assertEquals(results.map((it) => it.count), [0, 3, 2]);
    assertEquals(results[2]!.rows, [{ n: 2 }, { n: 3 }]);
    assertEquals(await db.execute(""), [{ rows: [], count: 0 }]);
  });

  await step("reads rows that come in many pieces", async (db) => {
    const { rows } = await db.query(
      "select i, repeat(i::text, 10) as t from generate_series(1, 50000) i",
    );
    assertEquals(rows.length, 50_000);
    assertEquals(rows[49_999], { i: 50_000, t: "50000".repeat(10) });
    const long = "ü".repeat(2_000_000);
    assertEquals((await db.query("select $1 as it", [long])).rows[0]!.it, long);
  });

  await step("prepares a statement once", async (db) => {
    for (let i = 0; i < 5; i++) {
      assertEquals((await db.query("select $1::int as n", [i])).rows, [{
        n: i,
      }]);
    }
    const { rows } = await db.query(
      "select count(*)::int as n from pg_prepared_statements where statement like '%::int as n'",
    );
    assertEquals(rows, [{ n: 1 }]);
  });

  await step("keeps a hundred statements", async (db) => {
    for (let i = 0; i < 250; i++) {
      const { rows } = await db.query(`select ${i} as n`);
      assertEquals(rows, [{ n: i }]);
      await db.query(`selec ${i}`).catch(() => {});
      if (i % 7 === 0) await db.query(`select 1 / ${i} as q`).catch(() => {});
    }
    const { rows } = await db.query(
      "select count(*)::int <= 100 as few from pg_prepared_statements",
    );
    assertEquals(rows, [{ few: true }]);
  });

  await step(
    "prepares a statement again when its table has changed",
    async (db) => {
      await db.execute("create temp table t as select 1 as a");
      assertEquals((await db.query("select * from t")).rows, [{ a: 1 }]);
      await db.execute("alter table t add b int");
      assertEquals((await db.query("select * from t")).rows, [{
        a: 1,
        b: null,
      }]);
    },
  );

  await step("can be used after an error", async (db) => {
    const error = await assertRejects(
      () => db.query("select 1 / $1::int as n", [0]),
      PostgresError,
      "division by zero",
    );
    assertEquals(error.code, "22012");
    assertEquals((await db.query("select 1 / $1::int as n", [1])).rows, [{
      n: 1,
    }]);
    await assertRejects(() => db.query("selec"), PostgresError);
    await assertRejects(
      () => db.execute("copy pg_class from stdin"),
      PostgresError,
    );
    await assertRejects(() => db.query("select $1::int", ["a"]), PostgresError);
    await assertRejects(() => db.query("select '\0'"), TypeError);
    assertEquals((await db.query("select 2 as n")).rows, [{ n: 2 }]);
  });

  await step("undoes a transaction that fails", async (db) => {
    await db.execute("create temp table t (n int)");
    await assertRejects(() =>
      db.transaction(async () => {
        await db.query("insert into t values (1)");
        await db.query("insert into t values ('a')");
      }), PostgresError);
    await moveOnAfter(50, () =>
      db.transaction(async () => {
        await db.query("insert into t values (2)");
        await sleep(60_000);
      }));
    await db.transaction(async () =>
      void await db.query("insert into t values (3)")
    );
    assertEquals((await db.query("select * from t")).rows, [{ n: 3 }]);
  });

  await step("cancels at the server a query whose time is over", async (db) => {
    const before = await pid(db);
    await assertRejects(
      () => timeout(100, () => db.query("select pg_sleep(60), 'slow'")),
      TimeoutError,
    );
    assertEquals(await running("slow"), 0);
    assertEquals(await pid(db), before);
  });

  await step(
    "cancels at the server a query whose signal aborts",
    async (db) => {
      const controller = new AbortController();
      const { signal } = controller;
      const query = createTask(() =>
        db.query("select pg_sleep(60), 'signal'", [], { signal })
      );
      while (await running("signal") === 0) await sleep(5);
      const reason = new Error("not wanted");
      controller.abort(reason);
      const outcome = await query.catch((error: unknown) => error);
      assertEquals(outcome, reason);
      assertEquals(await running("signal"), 0);
      assertEquals((await db.query("select 1 as n")).rows, [{ n: 1 }]);
    },
  );

  await step("can be used after a cancel at any moment", async (db) => {
    const before = await pid(db);
    const sql = "select i from generate_series(1, 3000) i";
    let cancelled = 0;
    for (let turns = 0; turns < 60; turns++) {
      const query = createTask(() =>
        db.query(turns % 2 ? sql : `${sql}, ${turns} as j`)
      );
      for (let i = 0; i < turns; i++) await sleep(0);
      query.cancel();
      const outcome = await query.catch((error: unknown) => error);
      if (isCancelled(outcome)) cancelled++;
      else assertEquals((outcome as Result).rows.length, 3000);
      assertEquals((await db.query("select $1::int as n", [turns])).rows, [{
        n: turns,
      }]);
    }
    assert(cancelled > 0);
    assertEquals(await pid(db), before);
  });

  await step("leaves the line when its turn is not awaited", async (db) => {
    const first = createTask(() => db.query("select pg_sleep(0.2)"));
    const second = createTask(() => db.query("create table never ()"));
    await sleep(0);
    second.cancel();
    assert(isCancelled(await second.catch((error: unknown) => error)));
    await first;
    const { rows } = await db.query("select to_regclass('never') as it");
    assertEquals(rows, [{ it: null }]);
  });

  await step("fails when the server ends the connection", async (db) => {
    const query = createTask(() => db.query("select pg_sleep(60)"));
    await using other = await Postgres.connect(server);
    await other.query("select pg_terminate_backend($1)", [1]).catch(() => {});
    const end = () =>
      other.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)' and pid <> pg_backend_pid()",
      );
    while ((await end()).rows.length === 0); // the query may not have begun
    const error = await assertRejects(() => query, PostgresError);
    assertEquals(error.code, "57P01");
    assertEquals(await db.isIdle(), false);
    await assertRejects(() => db.query("select 1"));
  });

  await step("lends connections from a pool", async () => {
    await using pool = postgresPool(server, 3);
    const pids = await gather(Array.from({ length: 30 }, () => async () => {
      using lease = await pool.acquire();
      return await pid(lease.resource);
    }));
    assert(new Set(pids).size <= 3);
    assertEquals(pool.size, 3);
  });

  await step(
    "lends none that was ended, or left in a transaction",
    async (db) => {
      await using pool = postgresPool(server, 1);
      const lend = async (body: (db: Postgres) => Promise<unknown>) => {
        using lease = await pool.acquire();
        const id = await pid(lease.resource);
        await body(lease.resource);
        return id;
      };
      const first = await lend((it) => it.execute("begin"));
      const second = await lend(async (it) => {
        await db.query("select pg_terminate_backend($1)", [await pid(it)]);
        while (await it.isIdle().catch(() => false)) await sleep(1);
      });
      const third = await lend(() => Promise.resolve());
      assertEquals(new Set([first, second, third]).size, 3);
    },
  );

  await t.step("cannot log in with a wrong password", () =>
    run(async () => {
      const error = await assertRejects(
        () => Postgres.connect({ ...server, password: "wrong" }),
        PostgresError,
      );
      assertEquals(error.code, "28P01");
    }));

  await t.step("says that the server speaks no TLS", () =>
    run(async () => {
      const { user, hostname, port } = server;
      const options = { user, hostname, port, tls: true };
      await assertRejects(() => Postgres.connect(options), Error, "TLS");
    }));

  await t.step("as a program prints what SQL gives", async () => {
    const { user, password, port, database } = server;
    const url = `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
    await using program = new Example("postgres_client.ts", [
      url,
      "select 6 * 7",
    ]);
    const { code, stdout, stderr } = await program.ended();
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.includes("42"), stdout);
  });
});

testWith(
  ["psql", "openssl"],
  "PostgreSQL over TLS, also a cancel",
  async () => {
    const { server: { cert, key }, authority } = certificates();
    const folder = await Deno.makeTempDir();
    await Deno.chmod(folder, 0o755);
    const files = [`${folder}/cert`, `${folder}/key`];
    for (const [i, text] of [cert, key].entries()) {
      await Deno.writeTextFile(files[i]!, text, { mode: 0o600 });
      if (Deno.uid() === 0) await outputOf("chown", ["postgres", files[i]!]);
    }
    await using server = await startPostgres(
      ...["ssl=on", `ssl_cert_file=${files[0]}`, `ssl_key_file=${files[1]}`],
    );
    await run(async () => {
      const tls = { caCerts: [authority.cert] };
      const options = { ...server, hostname: "localhost", tls };
      await using db = await Postgres.connect(options);
      await moveOnAfter(20, () => db.query("select pg_sleep(60)"));
      const sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
      assertEquals((await db.query(sql)).rows, [{ ssl: true }]);
      const wrong = Postgres.connect({ ...options, tls: true });
      await assertRejects(() => wrong, Deno.errors.InvalidData);
    });
    await Deno.remove(folder, { recursive: true });
  },
);

testWith(["psql"], "the demonstration leaves no server behind", async () => {
  await using program = new Example("postgres_client.ts");
  await program.line(/lives: 9/);
  program.kill("SIGTERM");
  const { orphans } = await program.ended();
  assertEquals(orphans, []);
});
