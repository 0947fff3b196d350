/**
 * The grammar of the errors that tell of wrong arguments:
 * `Cannot sleep: the time is a number of milliseconds, received "1s"`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { files, readSource } from "./_imports.ts";

/** Files whose errors reach no caller as they are, or tell of no argument. */
const EXCEPT = [
  "streams/names/dns_message.ts", // a bad answer of a name server
  "tasks/threads/_worker_script.ts", // a thread that is out of memory
];

/** A message in the source; one that begins by `${` has its beginning elsewhere. */
const MESSAGE = /^(?!\s*\*).*\bnew (?:Type|Range)Error\(\s*[`"](?!\$\{)(.*)/gm;

Deno.test("each TypeError and RangeError says first what cannot be done", () => {
  const wrong = files.filter((file) => !EXCEPT.includes(file))
    .flatMap((file) =>
      [...readSource(file).matchAll(MESSAGE)]
        .map(([, message]) => `${file}: ${message}`)
        .filter((it) => !/: Cannot \S/.test(it))
    );
  assertEquals(wrong, []);
});

Deno.test("each check of an argument is told what cannot be done", () => {
  const check =
    /^(?!.*function )[^*\n]*\bcheck(?:Function|Whole|Limit|Milliseconds|Finite|Positive|Count|Text|Factor|Time)\(\s*[^,;]+,\s*(["`].*)/gm;
  const wrong = files.filter((file) => !file.startsWith("streams/framing/"))
    .flatMap((file) =>
      [...readSource(file).matchAll(check)]
        .map(([, subject]) => `${file}: ${subject}`)
        .filter((it) => !/: ["`]Cannot [^:]+: \S/.test(it))
    );
  assertEquals(wrong, []);
});
