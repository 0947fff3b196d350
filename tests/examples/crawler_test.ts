import { assert, assertEquals } from "@std/assert";
import { freePort } from "../_helpers/free_port.ts";
import { Example } from "./_example.ts";

type Handler = (path: string, site: Site) => Response | Promise<Response>;

/** A site to crawl. */
class Site implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  busiest = 0;
  #open = 0;
  readonly #over = Promise.withResolvers<Response>();

  constructor(handler: Handler) {
    const where = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(where, async (request) => {
      const path = new URL(request.url).pathname;
      this.asked.push(path);
      this.busiest = Math.max(this.busiest, ++this.#open);
      try {
        return await handler(path, this);
      } finally {
        this.#open--;
      }
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Crawls it; gives the outcomes, by path. */
  async crawl(): Promise<Record<string, string>> {
    await using program = new Example("crawler.ts", [`${this.url}/`]);
    const { code, stdout, stderr } = await program.ended();
    assertEquals(stderr, "");
    assertEquals(code, 0);
    const lines = [...stdout.matchAll(/^(http\S+) (\S+)$/gm)];
    const prefix = this.url.length;
    return Object.fromEntries(
      lines.map(([, url, outcome]) => [url!.slice(prefix), outcome!]),
    );
  }

  /** An answer that does not come. */
  never(): Promise<Response> {
    return this.#over.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.resolve(page());
    await this.#server.shutdown();
  }
}

/** A page with these links. */
function page(...links: string[]): Response {
  return new Response(links.map((link) => `<a href="${link}">`).join("\n"));
}

Deno.test("the crawler reads each page once, whatever leads to it", async () => {
  await using site = new Site((path) =>
    path === "/dead"
      ? new Response("nothing here", { status: 404 })
      : page("/", "/a", "./a#part", "/b", "/dead", "../b?", "mailto:a@b", "//")
  );
  assertEquals(await site.crawl(), {
    "/": "200",
    "/a": "200",
    "/b": "200",
    "/b?": "200",
    "/dead": "404",
  });
  assertEquals(site.asked.length, 5);
});

Deno.test("the crawler stays on its host, also where it is sent elsewhere", async () => {
  await using elsewhere = new Site(() => page());
  await using site = new Site((path, { url }) =>
    path === "/"
      ? page(`${elsewhere.url}/`, "/away", "/here")
      : path === "/away"
      ? Response.redirect(`${elsewhere.url}/away`)
      : path === "/here"
      ? Response.redirect(`${url}/found`)
      : page()
  );
  assertEquals(await site.crawl(), {
    "/": "200",
    "/away": "302",
    "/here": "302",
    "/found": "200",
  });
  assertEquals(elsewhere.asked, []);
});

Deno.test("the crawler reads the near pages first", async () => {
  await using site = new Site((path) =>
    path.length > 4 ? page() : page(`${path}1`, `${path}2`)
  );
  const outcomes = await site.crawl();
  assertEquals(Object.keys(outcomes).length, 1 + 2 + 4 + 8 + 16);
  // Pages that are read at the same time may arrive in another order.
  const depths = site.asked.map((path) => path.length);
  for (const [i, depth] of depths.entries()) {
    const later = depths.slice(i + 4);
    assert(later.every((other) => other >= depth), `${site.asked}`);
  }
});

/** The links to so many pages. */
function links(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/${i}`);
}

Deno.test("the crawler asks for two pages at a time", async () => {
  let first: PromiseWithResolvers<void> | undefined;
  await using site = new Site(async (path) => {
    if (path === "/") return page(...links(8));
    // The first waits for the second, so there are two; a third would come soon.
    if (first === undefined) {
      await (first = Promise.withResolvers()).promise;
    } else {
      first.resolve();
      first = undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    return page();
  });
  assertEquals(Object.values(await site.crawl()), Array(9).fill("200"));
  assertEquals(site.busiest, 2);
});

Deno.test("the crawler pauses from one page to the next", async () => {
  await using site = new Site((path) =>
    path === "/" ? page(...links(20)) : page()
  );
  await using program = new Example("crawler.ts", [`${site.url}/`]);
  const [, ms] = await program.line(/^21 pages in (\d+) ms$/);
  assert(Number(ms) >= 20 * 50, `${ms} ms`);
});

Deno.test("the crawler gives up a page that never comes, and reads the others", async () => {
  await using site = new Site((path, site) => {
    if (path === "/") return page("/never", "/a", "/b");
    return path === "/never" ? site.never() : page();
  });
  assertEquals(await site.crawl(), {
    "/": "200",
    "/never": "TimeoutError",
    "/a": "200",
    "/b": "200",
  });
});

Deno.test("the crawler tells that a host is not there", async () => {
  const url = `http://127.0.0.1:${freePort()}/`;
  await using program = new Example("crawler.ts", [url]);
  const { code, stdout } = await program.ended();
  assertEquals(code, 0);
  assertEquals(stdout.split("\n")[0], `${url} TypeError`);
});

Deno.test("Ctrl-C ends the crawler with 130, whatever it waits for", async () => {
  const asked = Promise.withResolvers<void>();
  await using site = new Site((path, site) => {
    if (path === "/") return page("/never");
    asked.resolve();
    return site.never();
  });
  await using program = new Example("crawler.ts", [`${site.url}/`]);
  await asked.promise;
  program.kill("SIGINT");
  const { code, stderr } = await program.ended();
  assertEquals(stderr, "");
  assertEquals(code, 130);
});
