import { assert, assertEquals } from "@std/assert";
import { Client, type Limits } from "../../examples/rate_limiter.ts";
import {
  createTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { virtually } from "../_helpers/virtually.ts";

const LIMITS: Limits = { rate: 10, burst: 3, concurrency: 100 };

/** A client whose requests take some turns, and when each of them was sent. */
function clientOf(
  limits: Partial<Limits> = {},
): { client: Client; sent: number[]; paths: string[]; most: () => number } {
  const sent: number[] = [];
  const paths: string[] = [];
  let open = 0;
  let most = 0;
  const client = new Client(async (path) => {
    sent.push(Math.round(getRunningLoop().time()));
    paths.push(path);
    most = Math.max(most, ++open);
    for (let turn = 0; turn < 5; turn++) await sleep(0); // time stands still
    open--;
    return path;
  }, { ...LIMITS, ...limits });
  return { client, sent, paths, most: () => most };
}

/** So many requests, all at once. */
async function send(client: Client, count: number): Promise<void> {
  await taskGroup((group) => {
    for (let i = 0; i < count; i++) group.createTask(() => client.get(`${i}`));
  });
}

Deno.test("a client sends the burst at once, and then at its rate, in order", async () => {
  await virtually(async () => {
    const { client, sent, paths } = clientOf();
    await send(client, 6);
    assertEquals(sent, [0, 0, 0, 100, 200, 300]);
    assertEquals(paths, ["0", "1", "2", "3", "4", "5"]);
  });
});

Deno.test("a client has no more requests under way than it may", async () => {
  await virtually(async () => {
    const { client, sent, most } = clientOf({ burst: 9, concurrency: 2 });
    await send(client, 9);
    assertEquals([most(), sent.length], [2, 9]);
  });
});

Deno.test("a request that counts for several waits for as many tokens", async () => {
  await virtually(async () => {
    const { client, sent } = clientOf();
    await client.get("/search", 3);
    await client.get("/search", 3);
    assertEquals(sent, [0, 300]);
  });
});

for (
  const [who, place] of [["first in line", 3], ["further back", 4]] as const
) {
  Deno.test(`a request given up ${who} leaves its turn to the next`, async () => {
    await virtually(async () => {
      const { client, sent } = clientOf();
      await taskGroup((group) => {
        for (let i = 0; i < 7; i++) {
          const patience = i === place ? 50 : Infinity;
          group.createTask(() => moveOnAfter(patience, () => client.get("/")));
        }
      });
      assertEquals(sent, [0, 0, 0, 100, 200, 300]);
    });
  });
}

Deno.test("a client cancelled anywhere has lost no slot", async () => {
  let it: ReturnType<typeof clientOf>;
  const { points } = await cancelEverywhere(async () => {
    it = clientOf({ rate: 1000, burst: 1, concurrency: 1 });
    for (let i = 0; i < 3; i++) await it.client.get(`${i}`);
  }, async () => {
    const { client, sent } = it;
    sent.length = 0;
    await gather([() => client.get("a"), () => client.get("b")]);
    assertEquals(sent.length, 2);
  });
  assert(points > 5, `${points}`);
});

Deno.test("a client keeps its rate, in any order of clients", async () => {
  await virtually(async () => {
    const [rate, burst] = [100, 5];
    const { client, sent } = clientOf({ rate, burst });
    await gather(Array.from({ length: 300 }, () => async () => {
      await sleep(Math.random() * 4_000);
      const patience = Math.random() < 0.3 ? Math.random() * 20 : Infinity;
      await moveOnAfter(patience, () => client.get("/"));
    }));
    for (let i = 0; i < sent.length; i++) {
      for (let j = i + 1; j < sent.length; j++) {
        const most = burst + (sent[j]! - sent[i]! + 1) * rate / 1000;
        assert(j - i + 1 <= most, `${i} to ${j}: ${j - i + 1} > ${most}`);
      }
    }
  });
});

Deno.test("a cancelled request aborts what was sent", async () => {
  const aborted: unknown[] = [];
  const client = new Client((_, signal) => {
    return new Promise((_, reject) => {
      signal.onabort = () => {
        aborted.push(signal.reason);
        reject(signal.reason);
      };
    });
  }, LIMITS);
  const task = createTask(() => client.get("/"));
  await sleep(0);
  task.cancel("enough");
  await task.catch(() => {});
  assertEquals(aborted.length, 1);
  assert(task.cancelled);
});
