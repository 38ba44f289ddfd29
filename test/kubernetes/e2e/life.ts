import { onSite, scaleVnf, vnfOf } from '../../e2e/service.ts';
import type { KubernetesRig } from './kubernetes-rig.ts';
import { namespaceOf } from './web-service.ts';

const patienceMs = 120_000;

/** One user who brings up a web service, scales it, upgrades it, goes back and terminates it, again and again. */
export class WebLife {
  readonly #rig: KubernetesRig;
  readonly #site: string;
  readonly #name: string;
  /** By namespace: when the end was ordered, wall clock. */
  readonly endedAtMs = new Map<string, number>();
  /** Operations that ended well, by type. */
  readonly completed: Record<string, number> = {};

  constructor(rig: KubernetesRig, site: string, name: string) {
    this.#rig = rig;
    this.#site = site;
    this.#name = name;
  }

  async run(goesOn: () => boolean): Promise<void> {
    for (let round = 1; goesOn(); round++) await this.#live(`${this.#name}-${round}`);
  }

  async #live(name: string): Promise<void> {
    const { rig } = this.#rig;
    const id = await rig.createNs('web_ns', name);
    this.endedAtMs.set(namespaceOf(id), Number.POSITIVE_INFINITY);
    await this.#done(await rig.api.instantiateNs(id, onSite(this.#site)));
    const vnf = vnfOf(await rig.ns(id), 'web');
    await this.#done(await rig.api.scaleNs(id, scaleVnf(vnf.id, 'load')));
    await this.#done(await this.#rig.act(id, { action: 'upgrade', params: { values: { greeting: name } } }));
    await this.#done(await this.#rig.act(id, { action: 'rollback' }));
    await this.#done(await rig.api.scaleNs(id, scaleVnf(vnf.id, 'load', 'IN')));
    this.endedAtMs.set(namespaceOf(id), Date.now());
    await this.#done(await rig.api.terminateNs(id, {}));
  }

  async #done(operationId: string): Promise<void> {
    const { lcmOperationType } = await this.#rig.rig.completed(operationId, patienceMs);
    this.completed[lcmOperationType] = (this.completed[lcmOperationType] ?? 0) + 1;
  }
}
