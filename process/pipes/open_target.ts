/** @module */

/** An open target. */
export interface OpenTarget {
  /** Whether the target may keep or change the bytes, so that it gets a copy. */
  readonly keepsBytes: boolean;
  /** Writes bytes. Resolves when the target takes more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes the target. Resolves when it has got everything. */
  close(): Promise<void>;
  /** Releases the target, to which nothing was written. */
  release(): void;
}
