import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as t from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Monitors } from "./_monitored.ts";

const WAITING = `
  t.run(async () => {
    await listening();
    console.log("ready");
    await t.sleep(60_000);
  });
`;

async function modeOf(path: string): Promise<string> {
  return ((await Deno.lstat(path)).mode! & 0o777).toString(8);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("monitor: the socket is in a folder that only its user can open", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(WAITING);

  assertEquals(await modeOf(monitors.folder), "700");
  assertEquals(await modeOf(monitors.socketOf(program)), "600");
});

Deno.test("monitor: without XDG_RUNTIME_DIR the folder is in the temporary one", async () => {
  await using monitors = await Monitors.create();
  const env = { XDG_RUNTIME_DIR: "", TMPDIR: monitors.runtimeDir };
  const { pid } = await monitors.start(
    `
    t.run(async () => {
      const path = Deno.env.get("TMPDIR") + "/asyncio-" + Deno.uid() + "/" + Deno.pid + ".sock";
      while (!(await Deno.lstat(path).catch(() => undefined))) await t.sleep(10);
      console.log("ready");
      await t.sleep(60_000);
    });
  `,
    { env },
  );

  const folder = `${monitors.runtimeDir}/asyncio-${Deno.uid()}`;
  assertEquals(await modeOf(folder), "700");
  const { code } = await monitors.cli(["ps", pid], { env });
  assertEquals(code, 0);
});

Deno.test("monitor: a folder that others can open is not used, and the run goes on", async () => {
  await using monitors = await Monitors.create();
  await Deno.mkdir(monitors.folder);
  await Deno.chmod(monitors.folder, 0o777);
  const program = await monitors.start(`
    await t.run(() => t.sleep(1));
    console.log("it ran");
  `);

  const { code, stdout, stderr } = await program.ended();

  assertEquals([code, stdout], [0, "it ran\n"]);
  assertStringIncludes(stderr, "The monitor cannot be started");
  assertStringIncludes(
    stderr,
    `Cannot use ${monitors.folder} for sockets: others can open it, its mode is 777`,
  );
});

Deno.test("monitor: a link in place of the folder is not used", async () => {
  await using monitors = await Monitors.create();
  await Deno.mkdir(`${monitors.runtimeDir}/elsewhere`, { mode: 0o700 });
  await Deno.symlink("elsewhere", monitors.folder);
  const program = await monitors.start(`await t.run(() => t.sleep(1));`);

  const { stderr } = await program.ended();

  assertStringIncludes(stderr, "it is no folder");
});

Deno.test("monitor: the socket is gone after the run", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    await t.run(listening);
    console.log("ready");
    await t.sleep(60_000);
  `);

  assertEquals(exists(monitors.folder), true);
  assertEquals(exists(monitors.socketOf(program)), false);
});

Deno.test("monitor: the socket is gone after Deno.exit", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    t.run(async () => {
      await listening();
      Deno.exit(3);
    });
  `);

  const { code } = await program.ended();

  assertEquals(code, 3);
  assertEquals(exists(monitors.socketOf(program)), false);
});

Deno.test("monitor: the socket is removed if the program ends before its loop knows of it", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    const path = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio/" + Deno.pid + ".sock";
    const isThere = () => {
      try {
        return Deno.statSync(path) !== undefined;
      } catch {
        return false;
      }
    };
    t.run(async () => {
      for (;;) {
        const until = performance.now() + 100;
        while (performance.now() < until) if (isThere()) Deno.exit(3);
        await t.sleep(0); // the thread needs a turn to start
      }
    });
  `);

  const { code } = await program.ended();

  assertEquals(code, 3);
  assertEquals(exists(monitors.socketOf(program)), false);
});

Deno.test("monitor: the socket of a program that was killed is cleaned up", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(WAITING);
  program.kill("SIGKILL");
  await program.ended();
  const socket = monitors.socketOf(program);
  assert(exists(socket));
  const old = new Date(Date.now() - 60_000);
  await Deno.utime(socket, old, old);

  const { code, err } = await monitors.cli(["ps", program.pid]);

  assertEquals(code, 1);
  assertMatch(err, /^there is no program \d+; /);
  assertEquals(exists(socket), false);
});

Deno.test("monitor: the socket of an earlier process of the same number is replaced", async () => {
  await using monitors = await Monitors.create();
  await Deno.mkdir(monitors.folder, { mode: 0o700 });
  const { pid } = await monitors.start(`
    const path = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio/" + Deno.pid + ".sock";
    Deno.writeTextFileSync(path, "");
    Deno.utimeSync(path, 0, 0);
    t.run(async () => {
      await listening();
      console.log("ready");
      await t.sleep(60_000);
    });
  `);

  assertEquals((await monitors.cli(["ps", pid])).code, 0);
});

Deno.test("monitor: a socket on which another thread is about to listen stays", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(`
    const folder = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio";
    Deno.mkdirSync(folder, { mode: 0o700 });
    const path = folder + "/" + Deno.pid + ".sock";
    Deno.writeTextFileSync(path, "");
    const { ino } = Deno.statSync(path);
    t.run(async () => {
      while (!await canConnect()) await t.sleep(10);
      console.log(Deno.statSync(path).ino === ino ? "ready" : "replaced");
      await t.sleep(60_000);
    });
    async function canConnect() {
      for (const { name } of Deno.readDirSync(folder)) {
        try {
          (await Deno.connect({ transport: "unix", path: folder + "/" + name })).close();
          return true;
        } catch { /* the other one */ }
      }
      return false;
    }
  `);
  assertEquals((await monitors.json("ps", `${pid}.1`)).length, 1);
});

Deno.test("monitor: runs side by side share a socket, which stays for the last", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(`
    const first = t.run(async () => {
      await listening();
      await t.sleep(60_000);
    });
    await t.run(listening);
    t.run(() => t.sleep(50_000));
    console.log("ready");
    await first;
  `);

  const tasks = await monitors.json("ps", pid);

  assertEquals(
    tasks.map((
      it: { loop: number; waits: { what: string }[] },
    ) => [it.loop, it.waits[0]!.what]),
    [[1, "sleep 60000"], [2, "sleep 50000"]],
  );
});

Deno.test("monitor: a run after the last one is listened for again", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(`
    await t.run(listening);
    t.run(async () => {
      await listening();
      console.log("ready");
      await t.sleep(60_000);
    });
  `);

  assertEquals((await monitors.cli(["ps", pid])).code, 0);
});

Deno.test("monitor: a run on another thread has a socket of its own", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(`
    const code = \`
      import { run, sleep } from "\${import.meta.resolve("@asyncio/asyncio/tasks")}";
      run(() => sleep(50_000));
    \`;
    t.run(async () => {
      await listening();
      new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module" });
      const path = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio/" + Deno.pid + ".1.sock";
      while (!(await Deno.lstat(path).catch(() => undefined))) await t.sleep(10);
      console.log("ready");
      await t.sleep(60_000);
    });
  `);

  const [task] = await monitors.json("ps", `${pid}.1`);

  assertEquals(task.waits[0].what, "sleep 50000");
});

Deno.test("monitor: threads that begin at the same time have a socket each", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(`
    const code = \`
      import { run, sleep } from "\${import.meta.resolve("@asyncio/asyncio/tasks")}";
      run(() => sleep(50_000));
    \`;
    const url = "data:text/javascript," + encodeURIComponent(code);
    for (let i = 0; i < 4; i++) new Worker(url, { type: "module" });
    const folder = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio";
    t.run(async () => {
      await listening();
      while ([...Deno.readDirSync(folder)].length < 5) await t.sleep(10);
      console.log("ready");
      await t.sleep(60_000);
    });
  `);

  for (const name of ["", ".1", ".2", ".3", ".4"]) {
    assertEquals((await monitors.json("ps", pid + name)).length, 1);
  }
});

Deno.test("monitor: the option is stronger than the variable", async () => {
  await using monitors = await Monitors.create();
  const off = await monitors.start(`
    await t.run(() => t.sleep(1), { monitor: false });
    console.log("ready");
  `);
  assertEquals(exists(monitors.folder), false);
  await off.ended();

  const { pid } = await monitors.start(
    `
    t.run(async () => {
      await listening();
      console.log("ready");
      await t.sleep(60_000);
    }, { monitor: true });
  `,
    { env: { ASYNCIO_MONITOR: "0" } },
  );
  assertEquals((await monitors.cli(["ps", pid])).code, 0);
});

Deno.test("monitor: without permissions the run goes on, without a prompt", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(
    `
    await t.run(() => t.sleep(1));
    console.log("the variable was not read");
    await t.run(() => t.sleep(1), { monitor: true });
  `,
    { flags: ["--allow-ffi=none"] },
  );

  const { code, stdout, stderr } = await program.ended();

  assertEquals([code, stdout], [0, "the variable was not read\n"]);
  assertStringIncludes(stderr, "The monitor cannot be started");
  assertStringIncludes(stderr, "--allow-sys=uid is needed");
  assertEquals(exists(monitors.folder), false);
});

Deno.test("monitor: the permissions that the docs name are enough", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(
    `
    await t.run(listening);
    console.log("it listened");
  `,
    {
      flags: [
        "--allow-env=ASYNCIO_MONITOR,XDG_RUNTIME_DIR",
        "--allow-sys=uid",
        "--allow-net",
        `--allow-read=${monitors.folder}`,
        `--allow-write=${monitors.folder}`,
      ],
    },
  );

  const { stdout, stderr } = await program.ended();

  assertEquals({ stdout, stderr }, { stdout: "it listened\n", stderr: "" });
});

Deno.test("monitor: what is no boolean is refused before anything runs", async () => {
  const options = { monitor: 1 as unknown as boolean };

  assertThrows(() => new t.Runner(options), TypeError, "monitor is a boolean");
  await assertRejects(
    () => t.run(() => t.sleep(0), options),
    TypeError,
    "Cannot run: monitor is a boolean, received 1",
  );
});

Deno.test("monitor: a run on a virtual clock can be looked into", async () => {
  await using monitors = await Monitors.create();
  const before = Deno.env.get("XDG_RUNTIME_DIR");
  Deno.env.set("XDG_RUNTIME_DIR", monitors.runtimeDir);
  try {
    const clock = new VirtualClock();
    const woke = await t.run(async () => {
      await t.sleep(3_600_000);
      return t.getRunningLoop().time();
    }, { clock, monitor: true });
    assertEquals(woke, 3_600_000);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_RUNTIME_DIR");
    else Deno.env.set("XDG_RUNTIME_DIR", before);
  }
  assertEquals(exists(`${monitors.folder}/${Deno.pid}.sock`), false);
});

Deno.test("monitor: nothing of it is loaded until it is asked for", async () => {
  const root = new URL("../../../mod.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", root],
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const loaded = new Set<string>([`file://${root}`]);
  for (const specifier of loaded) {
    const module = modules.find((it: { specifier: string }) =>
      it.specifier === specifier
    );
    for (const { code, isDynamic } of module?.dependencies ?? []) {
      if (code?.specifier && !isDynamic) loaded.add(code.specifier);
    }
  }

  assertEquals([...loaded].filter((it) => it.includes("/tasks/monitor")), []);
  assert([...loaded].some((it) => it.endsWith("/tasks/run/runner.ts")));
});
