/** Clusters of real servers. @module */
import { sleep } from "@asyncio/asyncio/tasks";
import { freePort } from "../../_helpers/free_port.ts";
import { type Answer, askCluster } from "./_admin.ts";
import { NatsServer } from "./_nats_server.ts";

/** Servers that know of each other. */
export class Cluster implements AsyncDisposable {
  /** Those that were started. */
  readonly servers: NatsServer[] = [];
  readonly #ports: number[];

  private constructor(ports: number[]) {
    this.#ports = ports;
  }

  /** Starts `started` servers of a cluster of `count`. */
  static async start(count: number, started = count): Promise<Cluster> {
    const cluster = new Cluster(Array.from({ length: count }, freePort));
    const starting = Array.from(
      { length: started },
      (_, at) => cluster.#start(at),
    );
    cluster.servers.push(...await Promise.all(starting));
    return cluster;
  }

  /** Starts the next one. */
  async grow(): Promise<void> {
    this.servers.push(await this.#start(this.servers.length));
  }

  #start(at: number): Promise<NatsServer> {
    return NatsServer.start([
      "--server_name",
      `server-${at + 1}`,
      "--cluster_name",
      "test",
      "--cluster",
      `nats://127.0.0.1:${this.#ports[at]}`,
      "--routes",
      this.#ports.map((port) => `nats://127.0.0.1:${port}`).join(),
    ]);
  }

  /** Where they are. */
  get address(): string[] {
    return this.servers.map(({ address }) => address);
  }

  /** The server that leads the stream of the jobs: the one that is missed most. */
  async leader(): Promise<NatsServer> {
    for (;; await sleep(100)) {
      const { leader } = await this.#streamOfJobs();
      if (leader) {
        return this.servers[Number(leader.replace("server-", "")) - 1]!;
      }
    }
  }

  /** Waits until all servers have all jobs. */
  async catchUp(): Promise<void> {
    for (;; await sleep(100)) {
      const { leader, replicas = [] } = await this.#streamOfJobs();
      if (leader && replicas.every((it: Answer) => it.current)) return;
    }
  }

  async #streamOfJobs(): Promise<Answer> {
    const { port } = this.servers[0]!;
    return (await askCluster(port, "STREAM.INFO.JOBS_test")).cluster ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}
