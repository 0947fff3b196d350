/** A real browser, without a window. @module */
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { Folder } from "./folder.ts";

/** What Chromium says to a command. */
// deno-lint-ignore no-explicit-any -- JSON of many shapes
type Result = any;

/** Something on a page, as a screen reader is told of it. */
export interface AccessibleNode {
  readonly role: string | undefined;
  readonly name: string | undefined;
}

/** How long a page may take to show something, however slow the machine. */
const PATIENCE_MS = 60_000;

/** The numbers of keys that are no letters. */
const KEYS: Record<string, number> = {
  Enter: 13,
  Escape: 27,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
  Delete: 46,
  Tab: 9,
};

/** A browser, in which each page is as in one of its own. */
class Browser implements AsyncDisposable {
  readonly #process: Process;
  readonly #folder: Folder;
  /** Of its debugging protocol. */
  readonly address: string;

  private constructor(process: Process, folder: Folder, address: string) {
    this.#process = process;
    this.#folder = folder;
    this.address = address;
  }

  static async start(): Promise<Browser> {
    const folder = new Folder();
    const process = await createSubprocessExec("chromium", [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--window-size=1200,620",
      "--remote-debugging-port=0",
      `--user-data-dir=${folder.path}`,
      "about:blank",
    ], { stderr: PIPE, env: { TMPDIR: folder.path } });
    let address: string | undefined;
    for await (const line of process.stderr!.lines()) {
      address = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (address !== undefined) break;
    }
    return new Browser(process, folder, address!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#process.wait();
    await this.#process[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/**
 * Starts a browser before the tests of this file, and ends it after them. The
 * returned function opens a page in it.
 */
export function browserForTests(): (url: string) => Promise<BrowserPage> {
  let browser: Browser;
  Deno.test.beforeAll(async () => {
    browser = await Browser.start();
  });
  Deno.test.afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });
  return (url) => BrowserPage.open(browser.address, url);
}

/** A page with a profile of its own, driven over the debugging protocol. */
export class BrowserPage implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #replies = new Map<number, (result: Result) => void>();
  /** What the page has written to its console, and its uncaught errors. */
  readonly complaints: string[] = [];
  #session = "";
  #loaded = () => {};
  #numbers = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
  }

  /** @param address Of the debugging protocol of the browser. */
  static async open(address: string, url: string): Promise<BrowserPage> {
    const socket = new WebSocket(address);
    await new Promise((resolve) => socket.onopen = resolve);
    const page = new BrowserPage(socket);
    const { browserContextId } = await page.#send(
      "Target.createBrowserContext",
      { disposeOnDetach: true },
    );
    const { targetId } = await page.#send("Target.createTarget", {
      url: "about:blank",
      browserContextId,
    });
    const target = { targetId, flatten: true };
    page.#session =
      (await page.#send("Target.attachToTarget", target)).sessionId;
    await page.#send("Runtime.enable");
    await page.#send("Log.enable");
    await page.#send("Page.enable");
    const loaded = new Promise<void>((resolve) => page.#loaded = resolve);
    await page.#send("Page.navigate", { url });
    await loaded;
    return page;
  }

  #heard({ id, result, method, params }: Result): void {
    this.#replies.get(id)?.(result);
    this.#replies.delete(id);
    if (method === "Page.loadEventFired") this.#loaded();
    if (method === "Runtime.exceptionThrown") {
      this.complaints.push(params.exceptionDetails.text);
    }
    if (method === "Log.entryAdded" && params.entry.level === "error") {
      this.complaints.push(params.entry.text);
    }
  }

  #send(method: string, params = {}): Promise<Result> {
    const id = ++this.#numbers;
    const session = this.#session === "" ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return new Promise((resolve) => this.#replies.set(id, resolve));
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<Result> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#send(
      "Runtime.evaluate",
      options,
    );
    if (exceptionDetails) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return result.value;
  }

  /** Waits until an expression is true, looked at whenever the page changes. */
  async until(expression: string): Promise<void> {
    await this.evaluate(`new Promise((resolve, reject) => {
      const failed = () => reject(new Error("this never came true on the page: " + document.body.innerText.slice(0, 2000)));
      const limit = setTimeout(failed, ${PATIENCE_MS});
      const look = () => { if (${expression}) { observer.disconnect(); clearTimeout(limit); resolve(); } };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    })`);
  }

  /** Clicks the button with this text. */
  async click(text: string): Promise<void> {
    const name = JSON.stringify(text);
    // At once, as the page may replace the button at any time.
    await this.until(
      `((it) => it && (it.click(), true))(${BUTTON}(${name}))`,
    );
  }

  /** Presses a key: `"ArrowDown"`, `"Enter"`, `"c"`. */
  async press(key: string): Promise<void> {
    const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
    const event = { key, code: key, windowsVirtualKeyCode: KEYS[key] };
    await this.#send("Input.dispatchKeyEvent", {
      type: "keyDown",
      text,
      ...event,
    });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Shows the page as to a user who wants it `"dark"` or `"light"`. */
  async prefer(scheme: "dark" | "light"): Promise<void> {
    await this.#send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** Gives the window another size. */
  async resize(width: number, height: number): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#send("Emulation.setDeviceMetricsOverride", size);
  }

  /** What a screen reader is told: the role and the name of everything. */
  async accessibility(): Promise<AccessibleNode[]> {
    await this.#send("Accessibility.enable");
    const { nodes } = await this.#send("Accessibility.getFullAXTree");
    await this.#send("Accessibility.disable");
    return nodes.filter(({ ignored }: Result) => !ignored).map(
      ({ role, name }: Result) => ({ role: role?.value, name: name?.value }),
    );
  }

  async screenshot(): Promise<Uint8Array> {
    const { data } = await this.#send("Page.captureScreenshot");
    return Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
  }
}

const BUTTON =
  `((text) => [...document.querySelectorAll("button")].find((it) => it.textContent.includes(text)))`;
