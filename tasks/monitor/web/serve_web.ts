/** The server of the page. @module */
import { cancellable } from "../../cancellable.ts";
import type { CommandLine } from "../client/command_line.ts";
import { Connection, MonitorError } from "../client/connection.ts";
import { print } from "../client/output.ts";
import { programOf } from "../client/words.ts";
import type { NamedTask } from "../protocol.ts";
import { page } from "./page.ts";
import { answer, serveSecretSite } from "../../kernel/cli/secret_site.ts";
import { ProgramView } from "./program_view.ts";
import type { RowOptions } from "./rows.ts";

/** How many characters a page may send at most. */
const MAX_BODY_LENGTH = 1 << 20;

/** Serves the page until the program ends, or the task is cancelled. */
export async function serveWeb(
  program: Connection,
  { pid, hostname, port }: CommandLine,
): Promise<number> {
  const name = programOf(program.hello);
  const view = new ProgramView(program);
  const site = new Site(pid, view);
  const server = serveSecretSite({
    hostname,
    port,
    listening: (address) => print(`${name}: ${address}`),
    page: (nonce) => page(name, nonce),
    handle: (request, pathname) => site.handle(request, pathname),
  });
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
  /** The process id of the program. */
  readonly #pid: string;
  readonly #view: ProgramView;

  constructor(pid: string, view: ProgramView) {
    this.#pid = pid;
    this.#view = view;
  }

  async handle(request: Request, pathname: string): Promise<Response> {
    if (request.method !== "POST") return answer("there is nothing here", 404);
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
        return isRowOptions(body)
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

  /** Over a connection of its own: the end of that withdraws the request. */
  async #cancel(id: number): Promise<Response> {
    try {
      await using program = await Connection.open(this.#pid);
      const operation = { op: "cancel", task: String(id) } as const;
      return Response.json(await program.request<NamedTask>(operation));
    } catch (error) {
      if (!(error instanceof MonitorError)) throw error;
      return answer(error.message, 409);
    }
  }
}

function isRowOptions(value: unknown): value is RowOptions {
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
