import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { Process } from "@asyncio/asyncio/process";
import { browserForTests, type BrowserPage } from "../../_helpers/chromium.ts";
import { has } from "../../_helpers/installed.ts";
import type { Program } from "../../_helpers/program.ts";
import { Monitors } from "./_monitored.ts";

/** Set, the page is kept as a picture: that of the docs. */
const PICTURE = Deno.env.get("PAGE_PICTURE");

/** Workers between two queues, reports behind a lock, and a ring. */
const PROGRAM = `
  async function main() {
    await listening();
    const lock = new sync.Lock();
    const jobs = new queue.Queue(10);
    const done = new queue.Queue(2);
    const ring = [];
    ring.push(t.createTask(async () => { await t.sleep(5); await ring[1]; }, { name: "hen" }));
    ring.push(t.createTask(async () => { await t.sleep(5); await ring[0]; }, { name: "egg" }));
    async function work() {
      for (;;) {
        const job = await jobs.get();
        await t.sleep(250 + 20 * job);
        keepBusy(30);
        await done.put(job);
      }
    }
    async function report(i) {
      for (;;) {
        await lock.acquire();
        try {
          await t.sleep(800 + 300 * i);
        } finally {
          lock.release();
        }
        await t.sleep(400);
      }
    }
    await t.timeout(3_600_000, () => t.taskGroup(async (group) => {
      for (let i = 0; i < 4; i++) group.createTask(work, { name: "worker " + i });
      for (let i = 0; i < 3; i++) group.createTask(() => report(i), { name: "report " + i });
      group.createTask(async () => {
        for (;;) {
          await done.get();
          await t.sleep(300);
        }
      }, { name: "writer" });
      group.createTask(async () => {
        try {
          await t.timeout(600_000, () => t.sleep(500_000));
        } catch (error) {
          console.log("upload", error.name);
        }
      }, { name: "upload" });
      console.log("ready");
      for (let i = 0; ; i++) {
        await jobs.put(i % 10);
        await t.sleep(20);
      }
    }));
  }
  t.run(main);
`;

interface Served {
  readonly program: Program;
  readonly monitors: Monitors;
  readonly url: string;
  /** What serves the page. */
  readonly cli: Process;
}

/** Serves the page of a program. */
async function withUrl(
  fn: (served: Served) => Promise<void>,
  code = PROGRAM,
): Promise<void> {
  await using monitors = await Monitors.create();
  const program = await monitors.start(code);
  await using cli = await monitors.startCli(["web", String(program.pid)]);
  const line = new TextDecoder().decode(await cli.stdout!.readLine());
  const url = /process \d+: (http:\S+)/.exec(line)![1]!;
  await fn({ program, monitors, url, cli });
  if (cli.returnCode === undefined) cli.sendSignal("SIGINT");
  assert([0, 130].includes(await cli.wait()));
}

const openPage = has("chromium") ? browserForTests() : undefined;

/** Opens the page of a program in a browser. */
function testPage(
  name: string,
  fn: (page: BrowserPage, served: Served) => Promise<void>,
  code?: string,
): void {
  Deno.test({
    name: `monitor web: ${name}`,
    ignore: openPage === undefined,
    fn: () =>
      withUrl(async (served) => {
        await using page = await openPage!(served.url);
        await page.until(`document.querySelector("#rows tr")`);
        await fn(page, served);
        assertEquals(page.complaints.filter((it) => !it.includes("409")), []);
      }, code),
  });
}

/** Counts the cancels that the page asks for, and keeps the status of each answer. */
async function countCancels(page: BrowserPage): Promise<void> {
  await page.evaluate(`{
    const real = fetch;
    window.cancels = 0;
    window.answers = [];
    window.fetch = async (url, options) => {
      const isCancel = String(url).includes("/cancel");
      if (isCancel) window.cancels++;
      const response = await real(url, options);
      if (isCancel) window.answers.push(response.status);
      return response;
    };
  }`);
}

/** Confirms a cancel; again, while a slow machine lets the loop count as busy (409). */
async function untilCancelled(
  page: BrowserPage,
  confirm: () => Promise<void>,
): Promise<void> {
  await countCancels(page);
  for (let tries = 1;; tries++) {
    await confirm();
    await page.until(`answers.length === ${tries}`);
    if (await page.evaluate("answers.at(-1) === 200")) return;
  }
}

/** The row of the task with this name, as an expression. */
function rowOf(name: string): string {
  return `[...document.querySelectorAll("#rows tr")].find((row) => row.title === ${
    JSON.stringify(name)
  })`;
}

const ROWS =
  `[...document.querySelectorAll("#rows tr")].map((row) => row.title)`;

testPage(
  "the live tree, with rings in red and the last seconds",
  async (page) => {
    await page.resize(1280, 800);
    await page.until(`${rowOf("upload")}`);
    await page.until(`document.querySelector("#queues tbody tr")`);
    await page.until(`/\\d/.test(${rowOf("hen")}.cells[2].textContent)`);

    const names: string[] = await page.evaluate(ROWS);
    assertEquals(names.slice(0, 3), ["hen", "egg", "Task-1"]);
    assert(
      names.some((it) => /^timeout, \d+ min left/.test(it)),
      `${names}`,
    );
    assert(names.includes("group of 9"), `${names}`);
    assertStringIncludes(
      await page.evaluate(`document.querySelector("#rings").textContent`),
      `"hen"`,
    );
    const colour = (name: string) =>
      page.evaluate(
        `getComputedStyle(${rowOf(name)}.cells[0]).color`,
      );
    assert(await colour("hen") !== await colour("upload"));
    await page.until(
      `${
        rowOf("worker 0")
      }.querySelector(".bar").getAttribute("aria-label").includes("ran")`,
    );
    if (PICTURE !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 18_000));
      await page.evaluate(`${rowOf("report 1")}.click()`);
      // What comes from standard input has no name of its own.
      await page.evaluate(
        `document.querySelector("h1").textContent = "shop.ts, process 4711"`,
      );
      await Deno.writeFile(PICTURE, await page.screenshot());
    }
  },
);

testPage(
  "a task is cancelled, after a confirmation",
  async (page, { program }) => {
    await page.until(`${rowOf("upload")}`);
    await page.evaluate(`${rowOf("upload")}.click()`);
    await page.click("Cancel the task…");
    assertMatch(
      await page.evaluate(`document.querySelector("dialog[open]").textContent`),
      /Cancel task \d+ “upload”\?\s+It waits for sleep 500000/,
    );
    await page.click("Keep it");
    await page.until(`!document.querySelector("dialog[open]")`);

    await untilCancelled(page, async () => {
      await page.click("Cancel the task…");
      await page.evaluate(
        `document.querySelector("dialog button[value=yes]").click()`,
      );
    });
    await program.wrote("upload CancelledError");
    await page.until(`!${rowOf("upload")}`);
    await page.until(
      `document.querySelector("#cancel").disabled`,
    );
  },
);

testPage(
  "a task is cancelled once, however fast the confirmation is closed and opened",
  async (page) => {
    await page.until(`${rowOf("upload")}`);
    await countCancels(page);
    await page.evaluate(`{
      ${rowOf("upload")}.click();
      const cancel = document.querySelector("#cancel");
      const dialog = document.querySelector("dialog");
      cancel.click();
      dialog.close("no");
      cancel.click();
      dialog.querySelector("button[value=yes]").click();
    }`);
    await page.until("answers.length > 0");
    assertEquals(await page.evaluate("cancels"), 1);
  },
);

testPage(
  "the filter shows what has the text, and what that is in",
  async (page) => {
    await page.until(`${rowOf("upload")}`);
    await page.press("/");
    for (const key of "WORKER 2") await page.press(key);
    await page.until(`document.querySelectorAll("#rows tr").length === 4`);
    const names: string[] = await page.evaluate(ROWS);
    assertEquals(
      names.map((it) => it.replace(/,.*/, "")),
      ["Task-1", "timeout", "group of 9", "worker 2"],
    );
  },
);

testPage("the order by the longest wait", async (page) => {
  await page.until(`${rowOf("upload")}`);
  await page.evaluate(`{
    const order = document.querySelector("#order");
    order.value = "wait";
    order.onchange();
  }`);
  await page.until(`!${rowOf("group of 9")}`);
  const names: string[] = await page.evaluate(ROWS);
  assertEquals(names.length, 12);
  assert(names.indexOf("hen") < names.indexOf("worker 0"), `${names}`);
});

testPage("it is used with the keyboard alone", async (page, { program }) => {
  await page.until(`${rowOf("upload")}`);
  const focused = `document.activeElement.title`;
  const isOn = (name: string) =>
    page.until(`${focused}.startsWith(${JSON.stringify(name)})`);
  // One stop of Tab for the whole tree.
  await page.evaluate(`document.querySelector("#live").focus()`);
  await page.press("Tab");
  await isOn("hen");
  await page.press("ArrowDown");
  await isOn("egg");
  await page.press("ArrowDown");
  await isOn("Task-1");
  await page.press("ArrowLeft"); // folds it
  await page.until(`!${rowOf("upload")}`);
  await page.press("ArrowRight");
  await page.until(`${rowOf("upload")}`);
  await page.press("ArrowRight");
  await isOn("timeout");
  await page.press("ArrowLeft"); // folds it
  await page.press("ArrowLeft"); // to what it is in
  await isOn("Task-1");
  await page.press("Home");
  await isOn("hen");
  await page.press("c");
  await page.until(`document.querySelector("dialog[open]")`);
  await page.press("Escape");
  await page.until(`!document.querySelector("dialog[open]")`);
  await isOn("hen");
  await untilCancelled(page, async () => {
    await page.press("c");
    await page.until(`document.querySelector("dialog[open]")`);
    await page.press("Tab");
    await page.press("Enter");
  });
  await page.until(`!${rowOf("hen")}`);
  await page.until(`document.querySelector("#rings").hidden`);
  assert(program);
});

testPage("a screen reader is told what is shown", async (page) => {
  await page.until(`${rowOf("upload")}`);
  await page.until(
    `${
      rowOf("upload")
    }.querySelector(".bar").getAttribute("aria-label").includes("waited for")`,
  );
  const nodes = await page.accessibility();
  const has = (role: string, name: RegExp) =>
    assert(
      nodes.some((it) => it.role === role && name.test(it.name ?? "")),
      `no ${role} ${name}`,
    );
  has("heading", /process \d+/);
  has("treegrid", /^Tasks$/);
  has("columnheader", /^Waits for$/);
  has("row", /upload .*sleep 500000/);
  has("gridcell", /hen \(in a ring\)/);
  has("image", /^last 20 seconds: .*waited for /);
  has("alert", /./);
  has("searchbox", /^Filter$/);
  has("combobox", /^Order$/);
  has("checkbox", /^live$/);
  has("button", /^Cancel the task/);
  assertEquals(
    await page.evaluate(
      `${rowOf("group of 9")}.getAttribute("aria-level") + ${
        rowOf("group of 9")
      }.getAttribute("aria-expanded")`,
    ),
    "3true",
  );
});

testPage(
  "it is readable in the light and in the dark, wide and narrow",
  async (page) => {
    for (const scheme of ["light", "dark"] as const) {
      await page.prefer(scheme);
      for (const width of [1280, 420]) {
        await page.resize(width, 800);
        const low: string[] = await page.evaluate(`(${lowContrasts})()`);
        assertEquals(low, [], `${scheme}, ${width}`);
        assert(
          await page.evaluate(
            `document.documentElement.scrollWidth <= ${width}`,
          ),
          `wider than ${width}`,
        );
      }
    }
  },
);

/** The texts that stand out too little: WCAG asks for 4.5 to 1. */
const lowContrasts = `() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((it) => it / 255).map((it) => it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const body = getComputedStyle(document.body).backgroundColor;
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((it) => it.nodeType === 3 && it.data.trim()).map((it) => it.data.trim()).join(" ");
    if (!text || !element.checkVisibility() || element.disabled || element.tagName === "SCRIPT" || element.tagName === "STYLE" || element.tagName === "OPTION") continue;
    const backs = [];
    for (let at = element; at; at = at.parentElement) backs.unshift(getComputedStyle(at).backgroundColor);
    const [back, front] = [rgb(body, ...backs), rgb(body, ...backs, getComputedStyle(element).color)].map(luminance);
    const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (contrast < 4.5) low.push(text + " " + contrast.toFixed(2));
  }
  return low;
}`;

testPage(
  "names cannot be markup",
  async (page) => {
    await page.until(`${rowOf("<b>bold</b>")}`);
    assertEquals(
      await page.evaluate(`document.querySelectorAll("b").length`),
      0,
    );
  },
  `
  t.run(async () => {
    t.createTask(() => t.sleep(60_000), { name: "<b>bold</b>" });
    await listening();
    console.log("ready");
    await t.sleep(60_000);
  });
`,
);

testPage(
  "it says that the loop is busy, and goes on after",
  async (page, { monitors }) => {
    await Deno.writeTextFile(`${monitors.runtimeDir}/begin`, "");
    const busy = /^the loop has been busy for [\d.]+ s: task "hog"/;
    await page.until(
      `!document.querySelector("#busy").hidden && ${busy}.test(document.querySelector("#busy").textContent)`,
    );
    assert(await page.evaluate(`${rowOf("hog")} !== undefined`));
    await Deno.writeTextFile(`${monitors.runtimeDir}/end`, "");
    await page.until(`document.querySelector("#busy").hidden`);
  },
  `
  const exists = (name) => {
    try {
      Deno.statSync(Deno.env.get("XDG_RUNTIME_DIR") + "/" + name);
      return true;
    } catch {
      return false;
    }
  };
  t.run(async () => {
    await listening();
    t.createTask(async () => {
      while (!exists("begin")) await t.sleep(10);
      while (!exists("end"));
    }, { name: "hog" });
    console.log("ready");
    await t.sleep(60_000);
  }, { debug: true });
`,
);

testPage(
  "it says that the program has ended",
  async (page, { program, cli }) => {
    program.kill("SIGKILL");
    await page.until(
      `document.querySelector("#status").textContent === "the program has ended"`,
    );
    assertEquals(await cli.wait(), 0);
  },
);

testPage(
  "10 000 tasks: some are listed, the others counted and found",
  async (page) => {
    await page.until(
      `document.querySelector("#numbers dd").textContent === "10,003"`,
    );
    const count: number = await page.evaluate(
      `document.querySelectorAll("#rows tr").length`,
    );
    assert(count < 100, `${count} rows`);
    await page.evaluate(
      `${rowOf("9950 more, of which 9950 wait for Queue.get")}.click()`,
    );
    await page.until(
      `document.querySelectorAll("#rows tr").length === ${count + 200}`,
    );
    await page.evaluate(`{
    document.querySelector("#filter").value = "getter 9999";
    document.querySelector("#filter").oninput();
  }`);
    await page.until(`document.querySelectorAll("#rows tr").length < 5`);
    await page.until(`${rowOf("getter 9999")}`);
    await page.until(
      `document.querySelector("#queues tbody td:nth-child(2)").textContent === "10,000"`,
    );
  },
  `
  t.run(async () => {
    await listening();
    const items = new queue.Queue();
    t.createTask(async () => { for (;;) await t.sleep(1); }, { name: "ticker" });
    await t.createTask(() => t.taskGroup(async (group) => {
      for (let i = 0; i < 10_000; i++) group.createTask(() => items.get(), { name: "getter " + i });
      console.log("ready");
    }), { name: "group" });
  });
`,
);

testPage(
  "of a tree that is too large the rest is counted",
  async (page) => {
    await page.until(`document.querySelectorAll("#rows tr").length === 2001`);
    const names: string[] = await page.evaluate(ROWS);
    assertEquals(names.at(-1), "1001 more: use the filter, or the other order");
    await page.evaluate(`{
    document.querySelector("#filter").value = "deepest";
    document.querySelector("#filter").oninput();
  }`);
    await page.until(
      `${rowOf("1001 more: use the filter, or the other order")}`,
    );
  },
  `
  t.run(async () => {
    await listening();
    let last = t.createTask(() => t.sleep(3_600_000), { name: "deepest" });
    for (let i = 0; i < 2999; i++) {
      const next = last;
      last = t.createTask(async () => { await next; });
    }
    await t.sleep(50);
    console.log("ready");
    await last;
  });
`,
);

Deno.test("monitor web: a cancel is not carried out while the loop is busy, and never later", () =>
  withUrl(
    async ({ program, monitors, url }) => {
      const { origin, searchParams } = new URL(url);
      const response = await fetch(`${origin}/cancel`, {
        method: "POST",
        headers: { "x-secret": searchParams.get("secret")! },
        body: '{"task":1}',
      });
      assertEquals(response.status, 409);
      assertStringIncludes(await response.text(), "the loop has been busy");
      await Deno.writeTextFile(`${monitors.runtimeDir}/end`, "");
      const { stdout } = await program.ended();
      assertEquals(stdout, "ready\nnot cancelled\n");
    },
    `
    t.run(async () => {
      await listening();
      console.log("ready");
      for (;;) {
        try {
          Deno.statSync(Deno.env.get("XDG_RUNTIME_DIR") + "/end");
          break;
        } catch {
          // Busy: nothing else gets its turn.
        }
      }
      await t.sleep(500);
      console.log("not cancelled");
    });
  `,
  ));

Deno.test("monitor web: only requests with the secret are answered", () =>
  withUrl(async ({ url }) => {
    const { origin, searchParams } = new URL(url);
    const secret = searchParams.get("secret")!;
    const statusOf = async (path: string, init?: RequestInit) => {
      const response = await fetch(origin + path, init);
      await response.body?.cancel();
      return response.status;
    };
    const options = JSON.stringify({
      filter: "",
      order: "tree",
      closed: [],
      shown: {},
    });
    const post = (path: string, key: string, body = options) =>
      statusOf(path, { method: "POST", headers: { "x-secret": key }, body });

    assertEquals(await statusOf("/"), 403);
    assertEquals(await statusOf("/?secret=wrong"), 403);
    assertEquals(await statusOf(`/?secret=${secret}`), 200);
    assertEquals(await post("/state", "wrong"), 403);
    assertEquals(await post("/cancel", "wrong", '{"task":1}'), 403);
    assertEquals(await post("/state", secret), 200);
    // What makes no sense.
    assertEquals(await post("/state", secret, "{"), 400);
    assertEquals(await post("/state", secret, "{}"), 400);
    assertEquals(await post("/state", secret, "x".repeat(2 << 20)), 413);
    assertEquals(await post("/cancel", secret, '{"task":"main"}'), 400);
    assertEquals(await post("/cancel", secret, '{"task":999}'), 409);
    assertEquals(await post("/nothing", secret), 404);
    assertEquals(
      await statusOf("/state", { headers: { "x-secret": secret } }),
      404,
    );
  }));
