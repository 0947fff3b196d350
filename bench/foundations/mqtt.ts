/** The client of MQTT, and mosquitto's. @module */
import { freePort } from "../../examples/_free_port.ts";
import { PIPE, type Process } from "@asyncio/asyncio/process";
import { createSubprocessExec, runSubprocess } from "@asyncio/asyncio/process";
import { sleep } from "@asyncio/asyncio/tasks";
import {
  type Contest,
  deno,
  nextNumber,
  SMOKE,
  start,
  timed,
} from "./contest.ts";

const COUNT = SMOKE ? 200 : 20_000;

export async function* mqtt(): AsyncGenerator<Contest> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  await Deno.chmod(folder, 0o755); // mosquitto does not stay root
  const config = `listener ${port} 127.0.0.1\nallow_anonymous true\n`;
  await Deno.writeTextFile(
    `${folder}/config`,
    `${config}max_queued_messages 0\n`,
  );
  const lines = `${folder}/lines`;
  await Deno.writeTextFile(lines, `${"x".repeat(20)}\n`.repeat(COUNT));
  const options = { stderr: PIPE };
  const command = ["-c", `${folder}/config`];
  const broker = stack.use(
    await createSubprocessExec("mosquitto", command, options),
  );
  for await (const line of broker.stderr!.lines()) {
    if (/ running$/.test(line)) break;
  }
  const ours = stack.use(await start(deno("./mqtt_client.ts", `${port}`)));
  await nextNumber(ours);

  const shell = (line: string) =>
    runSubprocess(["sh", "-c", line], { check: true });
  const pub = (qos: number) =>
    shell(`mosquitto_pub -p ${port} -t t -q ${qos} -l <${lines}`);

  for (const qos of [0, 1]) {
    const contestants = [
      {
        name: "examples/mqtt_client.ts",
        round: () => timed(COUNT, () => ask(ours, `publish ${qos} ${COUNT}`)),
      },
      { name: "mosquitto_pub", round: () => timed(COUNT, () => pub(qos)) },
    ];
    yield { work: `MQTT: messages published with QoS ${qos}`, contestants };
  }

  const receiving = async () => {
    const done = ask(ours, `receive ${COUNT}`);
    await sleep(200);
    return await timed(
      COUNT,
      async () => void await Promise.all([done, pub(1)]),
    );
  };
  const sub = async () => {
    const done = shell(
      `mosquitto_sub -p ${port} -t t -q 1 -C ${COUNT} >/dev/null`,
    );
    await sleep(200);
    return await timed(
      COUNT,
      async () => void await Promise.all([done, pub(1)]),
    );
  };
  const contestants = [
    { name: "examples/mqtt_client.ts", round: receiving },
    { name: "mosquitto_sub", round: sub },
  ];
  yield { work: "MQTT: messages from mosquitto_pub received", contestants };
}

async function ask(process: Process, words: string): Promise<void> {
  process.stdin!.write(`${words}\n`);
  await nextNumber(process);
}
