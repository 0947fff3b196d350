/** What may be done without asking the user. @module */

/** Whether the permission has been granted. */
export function isAllowed(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** A variable of the environment, if it may be read and is not empty. */
export function variable(name: string): string | undefined {
  return isAllowed({ name: "env", variable: name })
    ? Deno.env.get(name) || undefined
    : undefined;
}
