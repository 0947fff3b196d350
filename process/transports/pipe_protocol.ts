/** @module */
import {
  Protocol,
  type SubprocessProtocol,
} from "../../streams/transports/mod.ts";

/** The transport of the program that a pipe belongs to. */
export interface PipeOwner {
  getProtocol(): SubprocessProtocol;
  dataReceived(fd: number, data: Uint8Array<ArrayBuffer>): void;
  pipeLost(fd: number, error: unknown): void;
}

/** The protocol of one pipe of a program. */
export class PipeProtocol extends Protocol {
  readonly #fd: number;
  readonly #owner: PipeOwner;

  constructor(fd: number, owner: PipeOwner) {
    super();
    this.#fd = fd;
    this.#owner = owner;
  }

  override dataReceived(data: Uint8Array<ArrayBuffer>): void {
    this.#owner.dataReceived(this.#fd, data);
  }

  override connectionLost(error: unknown): void {
    this.#owner.pipeLost(this.#fd, error);
  }

  override pauseWriting(): void {
    this.#owner.getProtocol().pauseWriting?.();
  }

  override resumeWriting(): void {
    this.#owner.getProtocol().resumeWriting?.();
  }
}
