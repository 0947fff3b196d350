/** What programs read and write in the works. @module */
import { MIB } from "./works.ts";

/** So much from a generator. */
export async function* mebibytes(count: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(MIB / 16);
  for (let i = 0; i < 16 * count; i++) yield chunk;
}

/** A program that writes so much. */
export function zeros(count: number): [string, ...string[]] {
  return ["head", "-c", `${count * MIB}`, "/dev/zero"];
}

/** A program that writes half of the lines to each of its outputs. */
export function twoOutputs(lines: number): string {
  return `seq ${lines / 2} & seq ${lines / 2} >&2; wait`;
}

/** A file of so much, until it is disposed. */
export class MebibytesFile implements Disposable {
  readonly path: string = Deno.makeTempFileSync();

  constructor(count: number) {
    Deno.truncateSync(this.path, count * MIB);
  }

  get size(): number {
    return Deno.statSync(this.path).size;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}
