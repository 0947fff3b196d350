import { assertRejects } from "@std/assert";

export function fail(message: string): never {
  throw new Error(message);
}

/** The messages of the errors in the AggregateError that `group` throws. */
export async function errorsOf(
  group: () => Promise<unknown>,
): Promise<string[]> {
  const { errors } = await assertRejects(group, AggregateError);
  return errors.map((error: Error) => error.message);
}
