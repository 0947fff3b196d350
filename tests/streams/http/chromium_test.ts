import { assertEquals } from "@std/assert";
import {
  createTask,
  isCancelled,
  sleep,
  timeout,
} from "@asyncio/asyncio/tasks";
import { testWith } from "../_programs.ts";
import { serving, urlOf } from "./_http.ts";
import { Folder } from "../../_helpers/folder.ts";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
];

/** A page that uses each way of HTTP, and tells what it got. */
const PAGE = `<!doctype html><script type="module">
  const results = {};
  const events = new EventSource("/events");
  results.events = await new Promise((resolve) => {
    const all = [];
    events.onmessage = ({ data }) => all.push(data) === 3 && resolve(all);
  });
  events.close();

  const socket = new WebSocket("/socket");
  socket.onopen = () => socket.send("hello");
  results.socket = await new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(data);
  });
  socket.close();

  const controller = new AbortController();
  const slow = fetch("/slow", controller).catch(({ name }) => name);
  await fetch("/slow-has-begun");
  controller.abort();
  results.slow = await slow;

  const post = { method: "POST", body: "x".repeat(100_000) };
  results.post = await (await fetch("/length", post)).text();
  await fetch("/results", { method: "POST", body: JSON.stringify(results) });
</script>`;

testWith(
  ["chromium"],
  "a browser gets events, talks over a WebSocket, gives up a request, and posts",
  async () => {
    const results = Promise.withResolvers<unknown>();
    const eventsEnded = Promise.withResolvers<void>();
    const slowBegun = Promise.withResolvers<void>();
    const slowEnded = Promise.withResolvers<unknown>();

    async function* events() {
      try {
        for (let i = 0; i < 3; i++) yield `data: ${i}\n\n`;
        await sleep(60_000); // until the page closes it
      } finally {
        eventsEnded.resolve();
      }
    }

    await using server = await serving(async (request) => {
      switch (new URL(request.url).pathname) {
        case "/":
          return new Response(PAGE, {
            headers: { "content-type": "text/html" },
          });
        case "/events":
          return new Response(
            ReadableStream.from(events()).pipeThrough(new TextEncoderStream()),
            { headers: { "content-type": "text/event-stream" } },
          );
        case "/socket": {
          const { socket, response } = Deno.upgradeWebSocket(request);
          socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
          return response;
        }
        case "/slow":
          slowBegun.resolve();
          await sleep(60_000).catch(slowEnded.resolve);
          return new Response();
        case "/slow-has-begun":
          await slowBegun.promise;
          return new Response();
        case "/length":
          return new Response(`${(await request.bytes()).length}`);
        case "/results":
          results.resolve(await request.json());
          return new Response();
        default:
          return new Response("not here", { status: 404 });
      }
    });

    await using profile = new Folder();
    const browser = new Deno.Command("chromium", {
      args: [...FLAGS, `--user-data-dir=${profile.path}`, urlOf(server)],
      env: { TMPDIR: profile.path },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const got = createTask(async () => await results.promise);
      assertEquals(await timeout(60_000, () => Promise.resolve(got)), {
        events: ["0", "1", "2"],
        socket: "echo hello",
        slow: "AbortError",
        post: "100000",
      });
      assertEquals(isCancelled(await slowEnded.promise), true);
      await eventsEnded.promise;
    } finally {
      browser.kill("SIGTERM");
      await browser.status;
    }
  },
);
