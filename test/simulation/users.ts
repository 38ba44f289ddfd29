import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOccId, VnfInstanceId } from '#shared/model/ids.ts';
import type { NsInstance, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { InstantiateNsRequest, ScaleNsRequest } from '#shared/model/ns-lcm-requests.ts';
import { delay, type SeededRandom } from '#shared/runtime/index.ts';
import { operator, type SimulatedFleet } from './simulated-fleet.ts';

const mostServices = 6;
type VnfScale = NonNullable<ScaleNsRequest['scaleVnfData']>[number];

/** People and their OSS: what they ask of the controller. */
export class Users {
  readonly operations: NsLcmOpOccId[] = [];
  readonly #fleet: SimulatedFleet;
  readonly #random: SeededRandom;
  #named = 0;
  #isBurst = false;

  constructor(fleet: SimulatedFleet, random: SeededRandom) {
    this.#fleet = fleet;
    this.#random = random;
  }

  deeds(): [string, () => Promise<void>][] {
    return [
      ['instantiate', () => this.#instantiate()],
      ['instantiate', () => this.#instantiate()],
      ['scale a VNF', () => this.#scaleVnf()],
      ['scale a VNF', () => this.#scaleVnf()],
      ['scale an NS', () => this.#scaleNs()],
      ['heal', () => this.#heal()],
      ['heal what was just killed', () => this.#healAfterDeath()],
      ['terminate', () => this.#terminate()],
      ['control an operation', () => this.#control()],
      ['control an operation', () => this.#control()],
      ['ask for much at once', () => this.#burst()],
    ];
  }

  get #commands() {
    return this.#fleet.living().core.lcm.commands;
  }

  async #instantiate(): Promise<void> {
    const idle = await this.#anyNs((ns) => ns.state === 'NOT_INSTANTIATED' && ns.openOperationId === undefined);
    if (idle !== undefined && this.#random.next() < 0.3) {
      await this.#soon(this.#commands.deleteNs(operator, idle.id));
      return;
    }
    if (idle === undefined && this.#named >= mostServices) return;
    const name = `ns-${++this.#named}`;
    const ns = idle ?? (await this.#soon(this.#commands.createNs(operator, { nsdId: 'nsd-1', nsName: name })));
    if (ns === undefined) return;
    const sites = [...this.#fleet.agents.keys()];
    const wish = () => ({ site: this.#pick(sites) });
    const placement = this.#pick<InstantiateNsRequest['placement']>([{}, { '*': wish() }, { a: wish(), b: wish() }]);
    const level = this.#pick([{}, { nsInstantiationLevelId: 'single' }]);
    const request = { ...level, placement, additionalParamsForNs: { hostname: name } };
    await this.#began(this.#commands.instantiate(operator, ns.id, request));
  }

  async #scaleVnf(): Promise<void> {
    const { ns, vnf } = await this.#anyVnf();
    const step = { scaleByStepData: { aspectId: 'out', numberOfSteps: this.#pick([1, 1, 2]) } };
    const change = this.#pick<Omit<VnfScale, 'vnfInstanceId'>>([
      { scaleVnfType: 'SCALE_OUT', ...step },
      { scaleVnfType: 'SCALE_IN', ...step },
      {
        scaleVnfType: 'SCALE_TO_INSTANTIATION_LEVEL',
        scaleToLevelData: { vnfInstantiationLevelId: this.#pick(['one', 'three']) },
      },
      {
        scaleVnfType: 'SCALE_TO_SCALE_LEVEL(S)',
        scaleToLevelData: { vnfScaleInfo: [{ aspectId: 'out', scaleLevel: this.#pick([0, 1, 2, 3]) }] },
      },
    ]);
    const scaleVnfData = [{ vnfInstanceId: vnf.vnfInstanceId, ...change }];
    await this.#began(this.#commands.scale(operator, ns.id, { scaleType: 'SCALE_VNF', scaleVnfData }));
  }

  async #scaleNs(): Promise<void> {
    const ns = await this.#someNs();
    const scalingDirection = this.#pick(['SCALE_OUT', 'SCALE_IN'] as const);
    const scaleNsData = this.#pick([
      { scaleNsByStepsData: { scalingDirection, aspectId: 'more-c', numberOfSteps: 1 } },
      { scaleNsToLevelData: { nsInstantiationLevel: this.#pick(['all', 'single']) } },
    ]);
    await this.#began(this.#commands.scale(operator, ns.id, { scaleType: 'SCALE_NS', scaleNsData }));
  }

  async #heal(): Promise<void> {
    const { ns, vnf } = await this.#anyVnf();
    await this.#began(this.#healVnf(ns, vnf));
  }

  /** Local policy and the centre race for the same unit. */
  async #healAfterDeath(): Promise<void> {
    const { ns, vnf } = await this.#anyVnf();
    const site = [...this.#fleet.agents.values()].find((agent) => agent.agentId === vnf.placement.agentId);
    const key = this.#pick(vnf.vnfcs)?.key;
    const control = site?.platform.controls[0]?.[1];
    if (control?.world().units.some((unit) => unit.key === key) === true)
      await this.#pick([() => control.kill(key!), () => control.delete(key!)])();
    if (this.#random.next() < 0.5) await this.#fleet.pass(Math.floor(this.#random.next() * 100));
    await this.#began(this.#healVnf(ns, vnf));
  }

  #healVnf(ns: NsInstance, vnf: VnfDesired) {
    const vnfInstanceId = vnf.vnfInstanceId as VnfInstanceId;
    return this.#commands.heal(operator, ns.id, { healVnfData: [{ vnfInstanceId }] });
  }

  async #terminate(): Promise<void> {
    const ns = await this.#someNs();
    await this.#began(this.#commands.terminate(operator, ns.id, {}));
  }

  async #control(): Promise<void> {
    const operationId = this.#pick(this.operations.slice(-4));
    if (operationId === undefined) return;
    const commands = this.#commands;
    await this.#soon(
      this.#pick([
        () => commands.retry(operator, operationId),
        () => commands.continue(operator, operationId),
        () => commands.rollback(operator, operationId),
        () => commands.cancel(operator, operationId, 'GRACEFUL'),
        () => commands.cancel(operator, operationId, 'FORCEFUL'),
        () => commands.fail(operator, operationId),
      ])(),
    );
  }

  /** Several users at once: none waits for another. */
  async #burst(): Promise<void> {
    const deeds = Array.from({ length: 3 }, () =>
      this.#pick([() => this.#instantiate(), () => this.#scaleVnf(), () => this.#scaleNs(), () => this.#terminate()]),
    );
    this.#isBurst = true;
    const done = Promise.all(deeds.map((deed) => deed().catch(onlyRefused)));
    await this.#fleet.pass(3_000);
    this.#isBurst = false;
    await done;
  }

  async #anyVnf(): Promise<{ ns: NsInstance; vnf: VnfDesired }> {
    const ns = await this.#anyNs((each) => (each.desired?.vnfs.length ?? 0) > 0);
    const vnf = ns === undefined ? undefined : this.#pick(ns.desired!.vnfs);
    if (ns === undefined || vnf === undefined) throw new SkerryError('NotFound', 'there is nothing to do it with');
    return { ns, vnf };
  }

  async #someNs(): Promise<NsInstance> {
    const ns = await this.#anyNs(() => true);
    if (ns === undefined) throw new SkerryError('NotFound', 'there is nothing to do it with');
    return ns;
  }

  async #anyNs(isFit: (ns: NsInstance) => boolean): Promise<NsInstance | undefined> {
    const { store } = this.#fleet.living();
    const all = (await store.range<NsInstance>({ prefix: 'ns/' })).map((entry) => entry.value).filter(isFit);
    return all.length === 0 ? undefined : this.#pick(all);
  }

  async #began(begin: Promise<{ id: NsLcmOpOccId }>): Promise<void> {
    const operation = await this.#soon(begin);
    if (operation !== undefined) this.operations.push(operation.id);
  }

  /** A controller that dies under a request never answers: its user gives up after a second. */
  async #soon<T>(work: Promise<T>): Promise<T | undefined> {
    let done: { value: T } | { error: unknown } | undefined;
    work.then(
      (value) => {
        done = { value };
      },
      (error: unknown) => {
        done = { error };
      },
    );
    if (this.#isBurst) await Promise.race([work.catch(() => undefined), delay(this.#fleet.clock, 1_000)]);
    else await this.#fleet.pass(1_000);
    if (done === undefined) return undefined;
    if ('error' in done) throw done.error;
    return done.value;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)]!;
  }
}

function onlyRefused(error: unknown): void {
  if (!isSkerryError(error)) throw error;
}
