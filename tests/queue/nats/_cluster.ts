/** Clusters of real servers. @module */
import { freePort } from "../../_helpers/free_port.ts";
import { askServer } from "./_admin.ts";
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
    const { cluster: { leader } } = await askServer(
      this.servers[0]!.port,
      "STREAM.INFO.JOBS_test",
    );
    return this.servers[Number(leader.replace("server-", "")) - 1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}
