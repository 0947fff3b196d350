/** What this program may do. The user is never asked. @module */
import { isGranted } from "../../tasks/kernel/permissions.ts";

/**
 * Whether signals can be sent to a process group: that needs the permission to run
 * any program.
 */
export function canSignalGroups(): boolean {
  return Deno.build.os !== "windows" && isGranted({ name: "run" });
}

/** The permissions of `--allow-all`. */
const ALL: readonly Deno.PermissionDescriptor["name"][] = [
  "read",
  "write",
  "env",
  "net",
  "run",
  "sys",
  "ffi",
  "import",
];

/**
 * Whether `/proc` can be read: that needs all permissions, whatever a query for the
 * path returns.
 */
export function canReadProc(): boolean {
  return Deno.build.os === "linux" && ALL.every((name) => isGranted({ name }));
}
