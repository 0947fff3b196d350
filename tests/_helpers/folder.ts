/** @module */

/** A folder that is there until it is disposed. */
export class Folder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync();
  /** For a Unix socket. */
  readonly socket: string = this.file("service.sock");

  file(name: string): string {
    return `${this.path}/${name}`;
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(this.file(name), text);
  }

  async read(name: string): Promise<string> {
    return await Deno.readTextFile(this.file(name));
  }

  names(): string[] {
    return [...Deno.readDirSync(this.path)].map((entry) => entry.name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (;;) {
      try {
        return await Deno.remove(this.path, { recursive: true });
      } catch (error) {
        // Processes that a browser leaves behind write for a moment more.
        if (!`${error}`.includes("not empty")) throw error;
      }
    }
  }
}
