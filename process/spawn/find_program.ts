/** Looking programs up. @module */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFs } from "./node_fs.ts";
import { isGranted } from "../../tasks/kernel/permissions.ts";
import type { SpawnSettings } from "./settings.ts";

/**
 * Looks `program` up as the system does, and returns its path. Returns `undefined`
 * if the start will fail for another reason, or without the permission to look.
 *
 * @throws {Deno.errors.NotFound} There is no such program.
 * @throws {Deno.errors.PermissionDenied} The file is not executable.
 */
export function findProgram(
  program: string,
  settings: SpawnSettings,
): string | undefined {
  if (!mayLook(settings)) return undefined;
  const { cwd } = settings;
  if (cwd !== undefined && !stat(cwd)?.isDirectory) return undefined;
  let found = false;
  for (const path of candidates(program, settings)) {
    const info = stat(path);
    if (info === undefined) continue;
    const executable = info.mode === null || info.mode & 0o111;
    if (info.isFile && executable) return path;
    found = true;
  }
  const start = `Cannot start ${JSON.stringify(program)}: `;
  if (found) {
    const message = `${start}that is no executable file`;
    const error = new Deno.errors.PermissionDenied(message);
    throw Object.assign(error, { code: "EACCES" }); // as the runtime's
  }
  const missing = program.includes("/") ? "file" : "program on PATH";
  const error = new Deno.errors.NotFound(`${start}there is no such ${missing}`);
  throw Object.assign(error, { code: "ENOENT" });
}

function mayLook({ env }: SpawnSettings): boolean {
  return isGranted({ name: "read" }) &&
    (env?.["PATH"] !== undefined ||
      isGranted({ name: "env", variable: "PATH" }));
}

function candidates(program: string, { cwd, env }: SpawnSettings): string[] {
  const start = cwd === undefined
    ? "."
    : cwd instanceof URL
    ? fileURLToPath(cwd)
    : cwd;
  const from = (path: string) => resolve(start, path);
  if (program.includes("/")) return [from(program)];
  if (program === "") return [];
  const path = env?.["PATH"] ?? Deno.env.get("PATH") ?? "/usr/bin:/bin";
  return path.split(":").map((folder) => from(join(folder || ".", program)));
}

function stat(path: string | URL): Deno.FileInfo | undefined {
  if (!nodeFs().existsSync(path)) return undefined; // an error costs ten times as much
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
