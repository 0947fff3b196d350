/** @module */
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";

/**
 * The wait of a transport for what its peer sends. Nothing awaits it: it tells a
 * virtual clock that something may come.
 */
export class Reception extends ExternalWaiter<void> {
  readonly what: string;

  constructor(what: string) {
    super();
    this.what = what;
  }
}
