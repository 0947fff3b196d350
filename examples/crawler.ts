/**
 * A crawler: `crawler.ts http://localhost:8000/` reads a site, each page once,
 * the near ones first, politely. Without arguments it reads one of its own.
 */
import {
  cancellable,
  getRunningLoop,
  isCancelled,
  Lock,
  Queue,
  run,
  Semaphore,
  sleep,
  taskGroup,
  timeout,
} from "@asyncio/asyncio";
import { LocalSite } from "./_local_site.ts";

const WORKERS = 4;
const PATIENCE = 5_000; // with one page, in milliseconds
const AT_ONCE = 2; // requests to the host,
const PAUSE = 50; // and from one of them to the next

class Manners {
  readonly #slots = new Semaphore(AT_ONCE);
  readonly #line = new Lock();
  #next = -Infinity;

  async visit<T>(work: () => Promise<T>): Promise<T> {
    using _slot = await this.#slots.acquire();
    {
      using _turn = await this.#line.acquire();
      await sleep(this.#next - getRunningLoop().time());
      this.#next = getRunningLoop().time() + PAUSE;
    }
    return await work();
  }
}

/** What became of each page that `start` leads to without leaving its host. */
async function crawl(start: string): Promise<Map<string, string>> {
  const { host } = new URL(start);
  const manners = new Manners();
  const pages = new Map<string, string>();
  const found = new Queue<string>();

  function add(link = "", from = start): void {
    const url = URL.parse(link, from);
    if (url?.host !== host) return;
    url.hash = "";
    if (pages.has(url.href)) return;
    pages.set(url.href, "found");
    found.putNowait(url.href);
  }

  async function work(): Promise<void> {
    for await (const url of found) {
      const { outcome, links } = await manners.visit(() => read(url));
      pages.set(url, outcome);
      for (const link of links) add(link, url);
      found.taskDone(); // now that its links are in the queue
    }
  }

  await taskGroup(async (group) => {
    for (let i = 0; i < WORKERS; i++) group.createTask(work);
    add(start);
    await found.join();
    found.shutdown(); // ends the workers
  });
  return pages;
}

async function read(url: string) {
  try {
    return await timeout(PATIENCE, () =>
      cancellable(async (signal) => {
        const response = await fetch(url, { signal, redirect: "manual" });
        const text = await response.text();
        const links = [...text.matchAll(/href="([^"]*)"/g)].map((it) => it[1]);
        links.push(response.headers.get("location") ?? "");
        return { outcome: `${response.status}`, links };
      }));
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { outcome: (error as Error).name, links: [] };
  }
}

await run(async () => {
  const [start] = Deno.args;
  await using site = start === undefined ? new LocalSite() : undefined;
  const started = performance.now();
  const pages = await crawl(start ?? site!.url);
  const took = Math.round(performance.now() - started);
  for (const page of pages) console.log(...page);
  console.log(`${pages.size} pages in ${took} ms`);
  site?.report();
});
