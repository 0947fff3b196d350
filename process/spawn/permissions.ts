/** What this program is allowed to do; nothing here asks the user. @module */
import { isGranted } from "../../tasks/kernel/permissions.ts";

/**
 * Whether signals can be sent to a process group: that takes more than the
 * permission to run one program.
 */
export function canSignalGroups(): boolean {
  return Deno.build.os !== "windows" && isGranted({ name: "run" });
}

/** What `--allow-all` grants. */
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
 * Whether `/proc` can be read: that takes all permissions, though a query for
 * the path says that reading it is granted.
 */
export function canReadProc(): boolean {
  return Deno.build.os === "linux" && ALL.every((name) => isGranted({ name }));
}
