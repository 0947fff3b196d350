/** The same program on Deno, Node and Bun. @module */
import { assertEquals, assertMatch } from "@std/assert";
import { RUNTIMES, testOn } from "./_runtimes.ts";

const expected = await Deno.readTextFile(
  new URL("expected.txt", import.meta.url),
);

for (const runtime of RUNTIMES) {
  testOn(runtime, "tasks, sync and queue do the same", async (start) => {
    const { code, stdout, stderr } = await start("smoke.ts");
    assertEquals([stderr, stdout, code], ["", expected, 0]);
  });

  testOn(runtime, "a monitor needs Deno", async (start) => {
    const { stdout, stderr } = await start("monitored.ts");
    assertEquals(stderr, "");
    assertEquals(
      stdout,
      runtime === "deno"
        ? "it ran\n"
        : "TypeError: Cannot run with a monitor: it needs Deno\n",
    );
  });

  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15]] as const) {
    testOn(
      runtime,
      `${signal} ends run, and is its exit code`,
      async (start) => {
        const { code, stdout, stderr } = await start("smoke.ts", signal);
        assertEquals([stdout, code], ["cleaned up\n", 128 + number]);
        // Deno can end quietly; the others print an error that nothing catches.
        if (runtime === "deno") assertEquals(stderr, "");
        else assertMatch(stderr, /InterruptError: interrupted by SIG/);
      },
    );
  }
}
