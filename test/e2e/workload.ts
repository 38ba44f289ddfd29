import type { OperationView } from '#controller/cli/index.ts';
import type { Rig } from './rig.ts';
import { keysOf, onSite, scaleVnf, vnfOf } from './service.ts';

/** Whether the work goes on, asked between two operations. */
export type GoesOn = () => boolean;

/**
 * One user of one site, who brings up a service, scales it out, has a machine healed, scales it in and terminates it, again and
 * again; and who does not lose the thread when the controller dies before it has answered.
 */
export class Workload {
  readonly #rig: Rig;
  readonly #site: string;
  /** How often each key was ordered to be healed. */
  readonly healed = new Map<string, number>();
  /** Operations that ended well, by type. */
  readonly completed: Record<string, number> = {};
  readonly nsIds: string[] = [];

  constructor(rig: Rig, site: string) {
    this.#rig = rig;
    this.#site = site;
  }

  async run(goesOn: GoesOn): Promise<void> {
    for (let round = 1; goesOn(); round++) await this.#live(`${this.#site}-${round}`);
  }

  /** The last one stays up, for the test to look at. */
  async bringUp(name: string): Promise<string> {
    const id = await this.#create(name);
    await this.#operate(id, 'INSTANTIATE', () => this.#rig.api.instantiateNs(id, onSite(this.#site)));
    return id;
  }

  async terminate(id: string): Promise<void> {
    await this.#operate(id, 'TERMINATE', () => this.#rig.api.terminateNs(id, {}));
  }

  async #live(name: string): Promise<void> {
    const { api } = this.#rig;
    const id = await this.bringUp(name);
    const cache = await this.#read(async () => vnfOf(await api.ns(id), 'cache'));
    await this.#operate(id, 'SCALE', () => api.scaleNs(id, scaleVnf(cache.id, 'content')));
    const router = await this.#read(async () => {
      const vnf = vnfOf(await api.ns(id), 'router');
      return keysOf(vnf).length > 0 ? vnf : undefined;
    });
    const [machine = ''] = keysOf(router);
    const healVnfData = [{ vnfInstanceId: router.id, vnfcInstanceId: [machine], cause: 'ordered by the test' }];
    await this.#operate(id, 'HEAL', () => api.healNs(id, { healVnfData }));
    this.healed.set(machine, (this.healed.get(machine) ?? 0) + 1);
    await this.#operate(id, 'SCALE', () => api.scaleNs(id, scaleVnf(cache.id, 'content', 'IN')));
    await this.terminate(id);
  }

  #read<T>(check: () => Promise<T | undefined>): Promise<T> {
    return this.#rig.until('the controller answers', check, 60_000);
  }

  async #create(name: string): Promise<string> {
    const { api } = this.#rig;
    const id = await this.#read(async () => {
      const known = (await api.nsInstances()).find((ns) => ns.nsInstanceName === name);
      return (known ?? (await api.createNs({ nsdId: 'edge_service_ns', nsName: name, nsDescription: '' }))).id;
    });
    this.nsIds.push(id);
    return id;
  }

  /** Begins an operation once, also when the answer was lost, and waits until it is COMPLETED. */
  async #operate(nsId: string, type: string, begin: () => Promise<string>): Promise<void> {
    const earlier = await this.#read(async () => new Set((await this.#operationsOf(nsId)).map(({ id }) => id)));
    const operationId = await this.#read(async () => {
      const begun = (await this.#operationsOf(nsId)).find(({ id }) => !earlier.has(id));
      return begun?.id ?? (await begin());
    });
    await this.#rig.completed(operationId, 60_000);
    this.completed[type] = (this.completed[type] ?? 0) + 1;
  }

  async #operationsOf(nsId: string): Promise<OperationView[]> {
    return (await this.#rig.api.operations()).filter((operation) => operation.nsInstanceId === nsId);
  }
}
