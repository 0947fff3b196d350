/** @module */

/** A variable of the environment, if it may be read without asking. */
export function environment(variable: string): string | undefined {
  if ("Deno" in globalThis) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  }
  return globalThis.process.env[variable];
}
