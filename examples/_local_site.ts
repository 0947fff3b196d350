/**
 * A site for the crawler to read: with a ring, a dead link, a redirect, a way out
 * and a page that never comes.
 *
 * @module
 */
import { Event, sleep } from "@asyncio/asyncio";

const PAGES: Record<string, string[]> = {
  "/": ["ring", "/news#today", "/dead", "/old", "/stuck"],
  "/ring": ["/", "/ring#self", "news"],
  "/news": ["/", "https://elsewhere.example/", "http://no url", "/deep"],
  "/deep": ["/deeper", "/ring"],
  "/deeper": ["/"],
};

/** Serves until it is disposed, and tells how it was treated. */
export class LocalSite implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #closing = new Event();
  #requests = 0;
  #busiest = 0;
  #open = 0;

  constructor() {
    const where = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(where, (request) => this.#answer(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.#requests++;
    if (pathname === "/stuck") await this.#closing.wait();
    this.#busiest = Math.max(this.#busiest, ++this.#open);
    await sleep(80);
    this.#open--;
    if (pathname === "/old") return Response.redirect(`${this.url}news`);
    const links = PAGES[pathname];
    const html = links?.map((link) => `<a href="${link}">${link}</a>`);
    return new Response(html?.join("\n"), {
      status: links ? 200 : 404,
      headers: { "content-type": "text/html" },
    });
  }

  report(): void {
    const { origin } = new URL(this.url);
    console.log(`requests that ${origin} got: ${this.#requests}`);
    console.log(`the most at once: ${this.#busiest}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.set();
    await this.#server.shutdown();
  }
}
