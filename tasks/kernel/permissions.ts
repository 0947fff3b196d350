/**
 * What this program is allowed to do. Nothing here prompts the user.
 *
 * @module
 */

/** Whether a permission is granted; Node and Bun have none to grant. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return !("Deno" in globalThis) ||
    Deno.permissions.querySync(permission).state === "granted";
}

/** A variable of the environment, if it is set and may be read. */
export function environment(variable: string): string | undefined {
  if (!isGranted({ name: "env", variable })) return undefined;
  return "Deno" in globalThis
    ? Deno.env.get(variable)
    : globalThis.process.env[variable];
}
