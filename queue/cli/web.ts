/** The page that shows a queue, and its server. @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { page } from "./page.ts";
import { type QueueView, STATES } from "./queue_view.ts";

/** So many jobs of each state are shown. */
const SHOWN = 100;

/** Where the page is served. */
export interface WebOptions {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

/** What the page may ask for. */
interface Action {
  readonly ids?: string[];
}

/**
 * Serves the page until the task is cancelled. Only a request that knows the
 * secret is answered: other programs and pages on this machine do not.
 *
 * @param print Called with the address, once it is served.
 */
export async function serveWeb(
  queue: QueueView,
  { name, hostname, port }: WebOptions,
  print: (text: string) => void,
): Promise<void> {
  const secret = crypto.randomUUID();
  const server = Deno.serve({
    hostname,
    port,
    onListen({ hostname, port }) {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      print(`${name}: http://${host}:${port}/?secret=${secret}`);
    },
    onError: (error) => answer(String(error), 500),
  }, (request) => handle(queue, name, request, secret));
  try {
    await cancellable(server.finished);
  } finally {
    await server.shutdown();
  }
}

async function handle(
  queue: QueueView,
  name: string,
  request: Request,
  secret: string,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { method, headers } = request;
  if (method === "GET" && pathname === "/") {
    if (searchParams.get("secret") !== secret) return forbidden();
    return showPage(name);
  }
  // A header that only a script of this page can send.
  if (headers.get("x-secret") !== secret) return forbidden();
  if (method === "GET" && pathname === "/state") {
    return Response.json(await stateOf(queue));
  }
  const act = method === "POST" ? ACTIONS[pathname.slice(1)] : undefined;
  if (act === undefined) return answer("there is nothing here", 404);
  const { ids }: Action = await request.json();
  if (ids !== undefined && !isTexts(ids)) return answer("bad ids", 400);
  return Response.json(await act(queue, ids));
}

const ACTIONS: Partial<
  Record<string, (queue: QueueView, ids?: string[]) => Promise<unknown>>
> = {
  pause: (queue) => queue.setPaused(true).then(() => true),
  resume: (queue) => queue.setPaused(false).then(() => true),
  retry: (queue, ids) => queue.retry(ids),
  drop: (queue, ids) => queue.drop(ids),
  remove: (queue, ids = []) => each(ids, (id) => queue.remove(id)),
  cancel: (queue, ids = []) => each(ids, (id) => queue.cancel(id)),
};

async function each(
  ids: string[],
  act: (id: string) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (const id of ids) count += Number(await act(id));
  return count;
}

async function stateOf(queue: QueueView): Promise<unknown> {
  const summary = await queue.summary();
  const jobs: Record<string, unknown> = {};
  for (const state of STATES) {
    jobs[state] = summary.counts[state] > 0
      ? await queue.list(state, SHOWN)
      : [];
  }
  return { ...summary, jobs };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
}

function showPage(name: string): Response {
  const nonce = crypto.randomUUID();
  return new Response(page(name, nonce), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}

function forbidden(): Response {
  return answer("open the address that was printed", 403);
}

function answer(text: string, status: number): Response {
  return new Response(text, { status });
}
