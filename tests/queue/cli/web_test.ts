import { assert, assertEquals, assertMatch } from "@std/assert";
import { has } from "../../_helpers/installed.ts";
import { ignore, NatsServer } from "../nats/_nats_server.ts";
import { browserForTests } from "../../_helpers/chromium.ts";
import { filled, startCli } from "./_program.ts";

/** Set, the page is kept as a picture: that of the docs. */
const PICTURE = Deno.env.get("PAGE_PICTURE");

const openPage = ignore || !has("chromium") ? undefined : browserForTests();

async function withPage(
  fn: (url: string, jobs: Awaited<ReturnType<typeof filled>>) => Promise<void>,
): Promise<void> {
  await using server = await NatsServer.start();
  await using jobs = await filled(server);
  await using program = await startCli(server, "web", "mails");
  const line = new TextDecoder().decode(await program.stdout!.readLine());
  const url = /mails: (http:\S+)/.exec(line)![1]!;
  await fn(url, jobs);
  program.sendSignal("SIGINT");
  assertEquals(await program.wait(), 130);
}

Deno.test({
  name: "queue/cli web: a page shows the queue in a browser, and steps in",
  ignore: openPage === undefined,
  fn: () =>
    withPage(async (url, jobs) => {
      await using page = await openPage!(url);
      const row = (text: string) =>
        `document.querySelector("tbody")?.textContent.includes("${text}")`;
      const count = (title: string, n: number) =>
        `[...document.querySelectorAll("nav button")].some((it) => it.textContent === "${n}${title}")`;

      await page.until(row("cyd@example.com"));
      await page.until(count("Waiting", 3));
      await page.click("Running");
      await page.until(row("40 %"));
      await page.click("Dead letters");
      await page.until(row("no such address"));
      if (PICTURE !== undefined) {
        await Deno.writeFile(PICTURE, await page.screenshot());
      }
      await page.click("Retry all");
      await page.until(count("Waiting", 4));
      await page.click("Pause");
      await page.until('!document.querySelector("#paused").hidden');
      await page.click("Waiting");
      await page.click("Remove");
      await page.until(count("Waiting", 3));
      await page.click("Running");
      await page.click("Cancel");
      await page.until(count("Running", 0));
      assertEquals(
        await jobs.counts(),
        { waiting: 3, delayed: 1, leased: 0, dead: 0 },
      );
      await page.click("Resume");
      await page.until('document.querySelector("#paused").hidden');
      assertEquals(page.complaints, []);
    }),
});

Deno.test({
  name: "queue/cli web: only who knows the secret is answered",
  ignore,
  fn: () =>
    withPage(async (url, jobs) => {
      const { origin, searchParams } = new URL(url);
      const secret = searchParams.get("secret")!;
      const statusOf = async (path: string, init?: RequestInit) => {
        const response = await fetch(origin + path, init);
        await response.body?.cancel();
        return response.status;
      };
      const body = JSON.stringify({ ids: ["cyd"] });
      assertEquals(
        [
          await statusOf("/"),
          await statusOf("/?secret=guess"),
          await statusOf("/state"),
          await statusOf("/remove", { method: "POST", body }),
          await statusOf(`/remove?secret=${secret}`, { method: "POST", body }),
        ],
        [403, 403, 403, 403, 403],
      );
      assertEquals((await jobs.counts()).waiting, 3);
      const headers = { "x-secret": secret };
      assertEquals(
        [
          await statusOf("/nothing", { headers }),
          await statusOf("/remove", {
            method: "POST",
            headers,
            body: '{"ids":[1]}',
          }),
          await statusOf("/remove", { method: "POST", headers, body }),
        ],
        [404, 400, 200],
      );
      assertEquals((await jobs.counts()).waiting, 2);
      const page = await fetch(url);
      assertMatch(
        page.headers.get("content-security-policy")!,
        /default-src 'none'/,
      );
      assert(!(await page.text()).includes(secret));
    }),
});

Deno.test({
  name:
    "queue/cli web: what the page would not ask is refused, and does nothing",
  ignore,
  fn: () =>
    withPage(async (url, jobs) => {
      const { origin, searchParams } = new URL(url);
      const headers = { "x-secret": searchParams.get("secret")! };
      const statusOf = async (path: string, body: string) => {
        const init = { method: "POST", headers, body };
        const response = await fetch(origin + path, init);
        await response.body?.cancel();
        return response.status;
      };
      for (
        const body of [
          "",
          "{",
          "null",
          "[]",
          '""',
          '{"ids":{}}',
          '{"ids":[""]}',
        ]
      ) {
        assertEquals(await statusOf("/drop", body), 400);
        assertEquals(await statusOf("/retry", body), 400);
      }
      for (const path of ["/toString", "/constructor", "/state"]) {
        assertEquals(await statusOf(path, "{}"), 404);
      }
      assertEquals((await jobs.counts()).dead, 1);
    }),
});
