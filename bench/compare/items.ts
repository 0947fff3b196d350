/** The items that contestants map, and what they do with them. */

/** As many zeros. */
export function* numbers(count: number): Generator<number, void> {
  for (let i = 0; i < count; i++) yield 0;
}

export async function* asyncNumbers(
  count: number,
): AsyncGenerator<number, void> {
  for (let i = 0; i < count; i++) yield 0;
}

// deno-lint-ignore require-await
export async function increment(item: number): Promise<number> {
  return item + 1;
}

export async function sumOf(items: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const item of items) sum += item;
  return sum;
}
