import { assert, assertEquals, assertMatch } from "@std/assert";
import { has } from "./_helpers/installed.ts";
import { EXAMPLES, runExample } from "./_helpers/run_example.ts";

/** What a program must do, where it is not the usual. */
interface Expectation {
  /** Every line that it prints, in order: the line itself, or a pattern for it. */
  lines?: (string | RegExp)[];
  /** Patterns that its output must match, in any order: for programs whose lines vary. */
  output?: RegExp[];
  /** Patterns that its standard error must match; without them, it must be empty. */
  stderr?: RegExp[];
  /** Its exit code; 0 unless given. */
  code?: number;
  /** A program that it starts; where that is missing, it is skipped. */
  needs?: string;
}

/** The programs of examples/, by file name. */
const expectations: Record<string, Expectation> = {
  "two_awaits.ts": {
    lines: ["hello", "world", /^finished after about \d+ ms$/],
  },
  "two_tasks.ts": {
    lines: ["hello", "world", /^side by side: (true|false)$/],
  },
  "factorials.ts": {
    lines: [
      "Task A: Compute factorial(2)...",
      "Task B: Compute factorial(2)...",
      "Task C: Compute factorial(2)...",
      "Task A: factorial(2) = 2",
      "Task B: Compute factorial(3)...",
      "Task C: Compute factorial(3)...",
      "Task B: factorial(3) = 6",
      "Task C: Compute factorial(4)...",
      "Task C: factorial(4) = 24",
      "[ 2, 6, 24 ]",
    ],
  },
  "tcp_echo.ts": {
    output: [
      /^Serving on 127\.0\.0\.1$/m,
      /^Client sends: "Hello World!"$/m,
      /^Received "Hello World!" from 127\.0\.0\.1$/m,
      /^Send: "Hello World!"$/m,
      /^Close the connection$/m,
      /^Client received: "Hello World!"$/m,
      /^Client closes the connection$/m,
    ],
  },
  "protocol_echo.ts": {
    output: [
      /^server: a client has connected$/m,
      /^server: "This is the message\. /m,
      /^server: the client has nothing more to say$/m,
      /^server: closed in order$/m,
      /^client: "This is the message\. It is sent in parts\."$/m,
    ],
  },
  "protocol_tls.ts": {
    needs: "openssl",
    output: [
      /^client: half-close is possible: false$/m,
      /^server: "This message is sent encrypted\.\0"$/m,
      /^client: "This message is sent encrypted\."$/m,
    ],
  },
  "protocol_subprocess.ts": {
    needs: "df",
    output: [
      /^the program has started$/m,
      /^it has written to its output$/m,
      /^it has ended$/m,
      /^exit code 0\n\/\S* is \d+% full$/m,
    ],
  },
  "names.ts": {
    output: [
      /^localhost:\n {2}(127\.0\.0\.1 \(IPv4\)|::1 \(IPv6\)) is \S+, https$/m,
      /^127\.0\.0\.1:\n {2}127\.0\.0\.1 \(IPv4\) is \S+, https$/m,
    ],
  },
  "happy_eyeballs.ts": {
    lines: ["tries 127.0.0.2", "tries 127.0.0.3", "tries 127.0.0.1", "hello"],
  },
  "shell_command.ts": {
    lines: [
      /^\["ls \/zzz" exited with [1-9]\d*\]$/,
      "[stderr]",
      /ls: .*\/zzz/,
      "",
    ],
  },
  "import.ts": {
    needs: "redis-server",
    output: [
      /^5\d %, \d+ stored$/m,
      /^100 %, 49950 stored$/m,
      /^49950 stored, 50 refused, 49950 in Redis$/m,
    ],
  },
  "redis_client.ts": {
    needs: "redis-server",
    lines: [
      "PONG",
      "OK",
      "hello, wörld",
      "null",
      "3",
      '[ "one", "two", "three" ]',
      "counted to 1000",
      "refused: ERR value is not an integer or out of range",
    ],
  },
  "postgres_client.ts": {
    needs: "psql",
    lines: [
      '[ { name: "Ada", lives: 9 }, { name: "Zoë", lives: 9 } ]',
      /^PostgresError: duplicate key value violates unique constraint/,
      "after the time limit, the server runs 0 of them",
    ],
  },
  "mqtt_client.ts": {
    needs: "mosquitto",
    lines: ["house/front/door open", "house/back/door shut"],
  },
  "websocket_echo.ts": {
    lines: ["hello, wörld", "closed, clean: true, code: 4000"],
  },
  "run_subprocess.ts": {
    lines: [
      /^ERROR: .*exit 1.* code 1$/,
      "return code: 0",
      'stdout: "to stdout\\n"',
    ],
  },
  "child_line.ts": {
    lines: [/^Current date: \d{4}-\d\d-\d\dT[\d:.]+Z$/],
  },
  "queue_workers.ts": {
    output: [
      /^(worker-[0-2] has slept for \d+ ms\n){20}====$/m,
      /^3 workers slept in parallel for \d+ ms$/m,
      /^total expected sleep time: \d+ ms$/m,
    ],
  },
  "job_workers.ts": {
    output: [
      /^(ada|cyd) +\d+ \d[\d,]*$/m,
      /^dead {5}order 13: given up after 3 attempts: Error: bad luck$/m,
    ],
  },
  "testing_with_virtual_time.ts": {
    lines: [
      "retry: attempts after 0, 1, 3, 7, 15, 31, 63, 123, 183, 243 s",
      "debouncer: saved at 1100 and 1400 ms",
      "worker pool: done after 4 minutes",
      /^worker pool: \d+ runs in \d+ different orders$/,
      "worker: cancelled at 9 points, no job left half done",
    ],
  },
  "progress.ts": {
    lines: [
      "[#####---------------]  25 %",
      "[##########----------]  50 %",
      "[###############-----]  75 %",
      "[####################] 100 %",
      "ended with code 0",
    ],
  },
  "supervisor.ts": {
    output: [
      /^server starts as \d+$[^]*^worker starts as \d+$/m,
      /^worker ended with 1: again in 100 ms$[^]*^worker starts as \d+$[^]*^worker ended with 1: again in 200 ms$/m,
    ],
  },
  "retry.ts": {
    output: [
      /^(the server is asked: 503\n){2}the server is asked: stuck\n/,
      /^the server is asked: 200\nat last$/m,
      /^not tried again: the server answered with 404$/m,
      /^gave up, attempts: \d+$/m,
    ],
  },
  "rate_limiter.ts": {
    output: [
      /^quarter of a second 0: #+$/m,
      /^40 requests served$/m,
      /^1 goes at 0 ms\n2 goes at 0 ms\n3 goes at 0 ms\n4 goes at 100 ms$/m,
      /^5 gives up at 150 ms\n6 goes at 200 ms\n7 goes at 300 ms$/m,
    ],
  },
  "crawler.ts": {
    output: [
      /^(\S+\/ 200)$/m,
      /^\S+\/deeper 200$/m,
      /^\S+\/dead 404$/m,
      /^\S+\/old 302$/m,
      /^\S+\/stuck TimeoutError$/m,
      /^8 pages in \d+ ms$/m,
      /^requests that \S+ got: 8$/m,
      /^the most at once: [12]$/m,
    ],
  },
  "tcp_proxy.ts": {
    output: [
      /^1000000 bytes arrived$/m,
      /^1000021 bytes went through$/m,
    ],
  },
  "chat_server.ts": {
    lines: ["* bob is here", "bob: hello, alice", "* bob has left"],
  },
  "make.ts": {
    output: [
      /^echo hello > hello$/m,
      /^echo world > world$/m,
      /^cat hello world\nhello\nworld$/m,
    ],
  },
  "http_server.ts": {
    lines: ["200 hello", "200 1 2 3", "404 Not Found", "200 hello"],
  },
  "http_worker.ts": {
    output: [
      /^listening on \d+$/m,
      /^done: job 1$/m,
      /^jobs taken: (\d+), finished: \1$/m,
    ],
  },
  "timeline.ts": {
    lines: [/^\d\d+ events$/],
  },
  "demo.ts": {
    output: [
      /^200\/200 requests served, 0 in line, 0 children$/m,
      /^requests served: +200$/m,
      /^requests cancelled: +1 \(the impatient client gave up after 1 s\)$/m,
      /^latency: +p50 \d+ ms, p99 \d+ ms$/m,
      /^left open: +0 connections, 0 children, 0 requests, 0 tasks$/m,
    ],
  },
};

for (const [file, expected] of Object.entries(expectations)) {
  const name = `examples/${file} does what it says`;
  const ignore = expected.needs !== undefined && !has(expected.needs);
  Deno.test({ name, ignore }, async () => {
    const { code, stdout, stderr } = await runExample(file);
    const all = `${stdout}${stderr}`;
    assertEquals(code, expected.code ?? 0, all);
    if (expected.lines) assertLines(stdout, expected.lines);
    for (const pattern of expected.output ?? []) assertMatch(stdout, pattern);
    for (const pattern of expected.stderr ?? []) assertMatch(stderr, pattern);
    if (!expected.stderr) assertEquals(stderr, "");
  });
}

Deno.test("every program in examples/ is run, and its output checked", () => {
  const files = [...Deno.readDirSync(EXAMPLES)]
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("_"));
  assertEquals(files.sort(), Object.keys(expectations).sort());
  for (const [file, { lines, output }] of Object.entries(expectations)) {
    assert(lines || output?.length, `nothing is expected of ${file}`);
  }
});

/** Shows the whole output on a difference: a line that fits its pattern stands as the pattern. */
function assertLines(text: string, expected: (string | RegExp)[]): void {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const found = lines.map((line, at) => {
    const pattern = expected[at];
    return pattern instanceof RegExp && pattern.test(line)
      ? String(pattern)
      : line;
  });
  assertEquals(found, expected.map(String));
}
