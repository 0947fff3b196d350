/** The page that shows a queue, and its server. @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { answer, serveSecretSite } from "../../tasks/kernel/cli/secret_site.ts";
import { page } from "./page.ts";
import { isId } from "../jobs/settings.ts";
import { type QueueView, STATES } from "./queue_view.ts";

/** How many jobs of each state are shown. */
const SHOWN = 100;

/** Where the page is served. */
export interface WebOptions {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

/** What the page asks for, with the ids of jobs. */
type Action = (queue: QueueView, ids?: string[]) => Promise<unknown>;

/**
 * Serves the page until the task is cancelled.
 *
 * @param print Called with the address, once it is served.
 */
export async function serveWeb(
  queue: QueueView,
  { name, hostname, port }: WebOptions,
  print: (text: string) => void,
): Promise<void> {
  const server = serveSecretSite({
    hostname,
    port,
    listening: (address) => print(`${name}: ${address}`),
    page: (nonce) => page(name, nonce),
    handle: (request, pathname) => handle(queue, request, pathname),
  });
  try {
    await cancellable(server.finished);
  } finally {
    await server.shutdown();
  }
}

async function handle(
  queue: QueueView,
  request: Request,
  pathname: string,
): Promise<Response> {
  const { method } = request;
  if (method === "GET" && pathname === "/state") {
    return Response.json(await stateOf(queue));
  }
  const act = method === "POST" ? ACTIONS.get(pathname.slice(1)) : undefined;
  if (act === undefined) return answer("there is nothing here", 404);
  const body: unknown = await request.json().catch(() => undefined);
  const ids = (body as { ids?: unknown } | null)?.ids;
  // Without ids, it would be for all jobs.
  const isAction = isObject(body) && (ids === undefined || isIds(ids));
  if (!isAction) return answer("the body is no { ids }", 400);
  return Response.json(await act(queue, ids));
}

const ACTIONS = new Map<string, Action>([
  ["pause", (queue) => queue.setPaused(true).then(() => true)],
  ["resume", (queue) => queue.setPaused(false).then(() => true)],
  ["retry", (queue, ids) => queue.retry(ids).then(({ back }) => back.length)],
  ["drop", (queue, ids) => queue.drop(ids).then(({ length }) => length)],
  ["remove", (queue, ids = []) => each(ids, (id) => queue.remove(id))],
  ["cancel", (queue, ids = []) => each(ids, (id) => queue.cancel(id))],
]);

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

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIds(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isId);
}
