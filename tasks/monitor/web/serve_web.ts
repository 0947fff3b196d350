/** The server of the page. @module */
import { cancellable } from "../../cancellable.ts";
import type { CommandLine } from "../client/command_line.ts";
import type { Connection } from "../client/connection.ts";
import { MonitorError } from "../client/connection.ts";
import { print } from "../client/output.ts";
import { programOf } from "../client/words.ts";
import type { NamedTask } from "../protocol.ts";
import { page } from "./page.ts";
import { ProgramView } from "./program_view.ts";
import type { ViewOptions } from "./view.ts";

/** What a page may send at most. */
const MAX_BODY_LENGTH = 1 << 20;

/**
 * Serves the page until the program ends, or the task is cancelled. Only a
 * request that knows the secret is answered: other programs and pages on this
 * machine do not.
 */
export async function serveWeb(
  program: Connection,
  { hostname, port }: CommandLine,
): Promise<number> {
  const secret = crypto.randomUUID();
  const view = new ProgramView(program);
  const site = new Site(program, view, secret);
  const server = Deno.serve({
    hostname,
    port,
    onListen({ hostname, port }) {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      const address = `http://${host}:${port}/?secret=${secret}`;
      print(`${programOf(program.hello)}: ${address}`);
    },
    onError: (error) => answer(String(error), 500),
  }, (request) => site.handle(request));
  try {
    await cancellable(Promise.race([server.finished, view.ended]));
    console.error("the program has ended");
    return 0;
  } finally {
    view.close();
    await server.shutdown();
  }
}

class Site {
  readonly #program: Connection;
  readonly #view: ProgramView;
  readonly #secret: string;

  constructor(program: Connection, view: ProgramView, secret: string) {
    this.#program = program;
    this.#view = view;
    this.#secret = secret;
  }

  async handle(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { method, headers } = request;
    if (method === "GET" && pathname === "/") {
      if (searchParams.get("secret") !== this.#secret) return forbidden();
      return showPage(programOf(this.#program.hello));
    }
    // A header that only a script of this page can send.
    if (headers.get("x-secret") !== this.#secret) return forbidden();
    if (method !== "POST") return answer("there is nothing here", 404);
    const text = await request.text();
    if (text.length > MAX_BODY_LENGTH) return answer("too long", 413);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return answer("no JSON", 400);
    }
    switch (pathname) {
      case "/state":
        return isViewOptions(body)
          ? Response.json(await this.#view.look(body))
          : answer("bad options", 400);
      case "/cancel":
        return isCancel(body)
          ? await this.#cancel(body.task)
          : answer("bad task", 400);
      default:
        return answer("there is nothing here", 404);
    }
  }

  async #cancel(id: number): Promise<Response> {
    try {
      const operation = { op: "cancel", task: String(id) } as const;
      return Response.json(await this.#program.request<NamedTask>(operation));
    } catch (error) {
      if (!(error instanceof MonitorError)) throw error;
      return answer(error.message, 409);
    }
  }
}

function isViewOptions(value: unknown): value is ViewOptions {
  if (typeof value !== "object" || value === null) return false;
  const { filter, order, closed, shown } = value as Record<string, unknown>;
  return typeof filter === "string" &&
    (order === "tree" || order === "wait") &&
    Array.isArray(closed) && closed.every((it) => typeof it === "string") &&
    typeof shown === "object" && shown !== null &&
    Object.values(shown).every(Number.isSafeInteger);
}

function isCancel(value: unknown): value is { task: number } {
  return typeof value === "object" && value !== null && "task" in value &&
    Number.isSafeInteger(value.task);
}

function showPage(title: string): Response {
  const nonce = crypto.randomUUID();
  return new Response(page(title, nonce), {
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
