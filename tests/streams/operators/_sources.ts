/** Sources that note how they are used. @module */
import { sleep } from "@asyncio/asyncio/tasks";

/** What operators take. */
export type AnySource<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>;

/** How a source was used. */
export class Usage {
  /** How many items were asked for. */
  pulls = 0;
  /** How often it was begun to be read. */
  opened = 0;
  /** How often it was closed, or has ended by itself. */
  closed = 0;
  /** How many `next` were under way at a time, at most. */
  most = 0;
  #running = 0;

  begin(): void {
    this.pulls++;
    this.most = Math.max(this.most, ++this.#running);
  }

  end(): void {
    this.#running--;
  }

  /** Whether everything that was opened is closed. */
  get isClosed(): boolean {
    return this.opened === this.closed && this.#running === 0;
  }
}

/** How a source behaves. */
export interface Behaviour {
  /** Milliseconds before each item. */
  delay?: number;
  /** Is thrown after the items. */
  error?: unknown;
}

export type Kind = (
  items: readonly number[],
  usage: Usage,
  behaviour?: Behaviour,
) => AnySource<number>;

/** All kinds of sources. */
export const kinds: Record<string, Kind> = {
  "a generator": (items, usage, { error } = {}) => ({
    *[Symbol.iterator]() {
      usage.opened++;
      try {
        for (const item of items) {
          usage.pulls++;
          yield item;
        }
        if (error !== undefined) throw error;
      } finally {
        usage.closed++;
      }
    },
  }),

  "a generator of promises": (items, usage, { delay = 0, error } = {}) => ({
    *[Symbol.iterator]() {
      usage.opened++;
      try {
        for (const item of items) {
          usage.pulls++;
          yield sleep(delay, { result: item });
        }
        if (error !== undefined) yield Promise.reject(error);
      } finally {
        usage.closed++;
      }
    },
  }),

  "an async generator": (items, usage, { delay = 0, error } = {}) => ({
    async *[Symbol.asyncIterator]() {
      usage.opened++;
      try {
        for (const item of items) {
          usage.pulls++;
          await sleep(delay);
          yield item;
        }
        if (error !== undefined) throw error;
      } finally {
        try {
          await sleep(1); // a cancel may find it here
        } finally {
          usage.closed++;
        }
      }
    },
  }),

  "an iterator by hand": (items, usage, { delay = 0, error } = {}) => ({
    [Symbol.asyncIterator]() {
      usage.opened++;
      let next = 0;
      let isClosed = false;
      const close = () => {
        if (!isClosed) usage.closed++;
        isClosed = true;
      };
      return {
        async next() {
          usage.begin();
          try {
            await sleep(delay);
            if (next < items.length) {
              return { done: false, value: items[next++]! };
            }
            close();
            if (error !== undefined) throw error;
            return { done: true, value: undefined };
          } finally {
            usage.end();
          }
        },
        return() {
          close();
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  }),

  "a ReadableStream": (items, usage, { delay = 0, error } = {}) => {
    let next = 0;
    let isClosed = false;
    const close = () => {
      if (!isClosed && usage.opened > 0) usage.closed++;
      isClosed = true;
    };
    return new ReadableStream<number>({
      async pull(controller) {
        if (usage.opened === 0) usage.opened++;
        usage.pulls++;
        try {
          // The first one runs in the task that has made the stream.
          await sleep(delay);
        } catch (error) {
          close();
          throw error;
        }
        if (isClosed) return;
        if (next < items.length) return controller.enqueue(items[next++]!);
        close();
        if (error !== undefined) controller.error(error);
        else controller.close();
      },
      cancel: close,
    }, { highWaterMark: 0 });
  },
};

/** 1, 2, 3, ... without an end. */
export class Numbers {
  taken = 0;
  returned = 0;

  *[Symbol.iterator](): Iterator<number> {
    try {
      for (;;) yield ++this.taken;
    } finally {
      this.returned++;
    }
  }
}

/** All that `source` gives. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
