import { assert, assertEquals, assertMatch } from "@std/assert";
import { Example } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";

/** Runs make on this Makefile until it has ended. */
async function make(folder: Folder, makefile: string, jobs = 2) {
  await folder.write("Makefile", makefile);
  const args = ["Makefile", String(jobs)];
  await using program = new Example("make.ts", args, { cwd: folder.path });
  return await program.ended();
}

Deno.test("make makes what is needed first, and nothing that is not needed", async () => {
  await using folder = new Folder();
  const { code, stdout, stderr } = await make(
    folder,
    `all: c
a:
	sleep 0.1; echo a > a
b: a
	cat a > b; echo b >> b
c: a b
	cat b > c; echo c >> c
unneeded:
	false
`,
  );
  assertEquals(stderr, "");
  assertEquals(code, 0);
  assertEquals(await folder.read("c"), "a\nb\nc\n");
  assertEquals(stdout.match(/echo a > a$/gm)?.length, 1);
});

Deno.test("make runs as many commands at once as it may", async () => {
  await using folder = new Folder();
  // Each of the two waits for the other: one at a time, they would hang.
  const { code, stdout } = await make(
    folder,
    `all: a b
pipes:
	mkfifo to_a to_b
a: pipes
	echo hello > to_b; cat to_a
b: pipes
	cat to_b; echo hello > to_a
`,
  );
  assertEquals(code, 0, stdout);
});

Deno.test("make runs no more commands at once than it may", async () => {
  await using folder = new Folder();
  const targets = ["a", "b", "c", "d", "e", "f"];
  const alone = "mkdir busy && sleep 0.1 && rmdir busy";
  const rules = targets.map((target) => `${target}:\n\t${alone}\n`);
  const makefile = `all: ${targets.join(" ")}\n${rules.join("")}`;
  const { code, stdout } = await make(folder, makefile, 1);
  assertEquals(code, 0, stdout);
});

Deno.test("make remakes only what is older than what it is made of", async () => {
  await using folder = new Folder();
  const makefile = `both: left right
	cat left right > both
left: a
	cp a left
right: b
	cp b right
`;
  await folder.write("a", "1");
  await folder.write("b", "2");
  const old = new Date("2020-01-01");
  for (const name of ["a", "b"]) Deno.utimeSync(folder.file(name), old, old);
  await make(folder, makefile);
  assertEquals(await folder.read("both"), "12");

  const { stdout: again } = await make(folder, makefile);
  assertEquals(again, "");

  await folder.write("b", "3");
  const soon = new Date(Date.now() + 60_000);
  Deno.utimeSync(folder.file("b"), soon, soon);
  const { stdout } = await make(folder, makefile);
  assertEquals(stdout, "cp b right\ncat left right > both\n");
  assertEquals(await folder.read("both"), "13");
});

Deno.test("make makes a phony target every time, whatever files there are", async () => {
  await using folder = new Folder();
  await folder.write("clean", "");
  const makefile = ".PHONY: clean\nclean:\n\techo cleaning\n";
  const { stdout } = await make(folder, makefile);
  assertEquals(stdout, "echo cleaning\ncleaning\n");
});

Deno.test("make prints the output of each command in one piece", async () => {
  await using folder = new Folder();
  const count = (who: string) =>
    `for i in 1 2 3 4 5 6 7 8; do echo ${who}; echo ${who} >&2; done`;
  const makefile = `all: a b\na:\n\t${count("A")}\nb:\n\t${count("B")}\n`;
  const { stdout, stderr } = await make(folder, makefile);
  assertEquals(stderr, "");
  assert(stdout.includes("A\n".repeat(16)), stdout);
  assert(stdout.includes("B\n".repeat(16)), stdout);
});

Deno.test("a command that fails ends all others of make, and their descendants", async () => {
  await using folder = new Folder();
  // It fails once the other, and what that has started, are there.
  const { code, stdout, stderr, orphans } = await make(
    folder,
    `all: slow broken late
pipe:
	mkfifo started
slow: pipe
	(echo here > started; exec sleep 600) & sleep 600
broken: pipe
	read line < started; echo "it is broken"; exit 3
late: slow
	touch late
`,
  );
  assertEquals(code, 2);
  assertEquals(stderr, "");
  assertMatch(stdout, /^it is broken\n\*\*\* .* ended with code 3$/m);
  assertEquals(stdout.match(/^\*\*\*/gm)?.length, 1, stdout);
  assertEquals(orphans, []);
  assertEquals(folder.names(), ["Makefile", "started"]);
});

Deno.test("make leaves no half of a target behind", async () => {
  await using folder = new Folder();
  const makefile = "whole:\n\techo half > whole; false\n";
  assertEquals((await make(folder, makefile)).code, 2);
  assertEquals(folder.names(), ["Makefile"]);
});

Deno.test("make tells of a ring, and starts nothing", async () => {
  await using folder = new Folder();
  const makefile = `all: first a
first:
	touch first
a: b
b: c
c: a
`;
  const { code, stdout } = await make(folder, makefile);
  assertEquals(stdout, "*** a ring: all <- a <- b <- c <- a\n");
  assertEquals(code, 2);
  assertEquals(folder.names(), ["Makefile"]);
});

Deno.test("make tells what there is no rule for", async () => {
  await using folder = new Folder();
  const { code, stdout } = await make(folder, "all: nowhere\n");
  assertEquals(stdout, "*** there is no rule for nowhere\n");
  assertEquals(code, 2);
});

Deno.test("Ctrl-C ends make with 130, and all that it has started", async () => {
  await using folder = new Folder();
  const pipes = ["a", "b"].map((name) => folder.file(name));
  await new Deno.Command("mkfifo", { args: pipes }).output();
  await folder.write(
    "Makefile",
    `.PHONY: all a b
all: a b
a:
	(echo here > a; exec sleep 600) & sleep 600
b:
	(echo here > b; exec sleep 600) & sleep 600
`,
  );
  await using program = new Example("make.ts", ["Makefile", "2"], {
    cwd: folder.path,
  });
  for (const pipe of pipes) await Deno.readTextFile(pipe); // both are there
  program.kill("SIGINT");
  const { code, stderr, orphans } = await program.ended();
  assertEquals(code, 130, stderr);
  assertEquals(orphans, []);
});
