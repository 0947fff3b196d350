/**
 * Whether the program is there; where it is not, tests that need it are skipped.
 */
export function has(program: string): boolean {
  const args = ["-c", 'command -v "$0"', program];
  return new Deno.Command("sh", { args }).outputSync().success;
}
