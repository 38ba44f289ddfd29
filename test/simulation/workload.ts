import { isSkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOccId, VnfInstanceId } from '#shared/model/ids.ts';
import type { NsInstance } from '#shared/model/ns-lcm.ts';
import type { SeededRandom } from '#shared/runtime/index.ts';
import { operator, type SimulatedFleet } from './simulated-fleet.ts';

/** What users and the world do, drawn from the seed. */
export class Workload {
  readonly operations: NsLcmOpOccId[] = [];
  readonly #fleet: SimulatedFleet;
  readonly #random: SeededRandom;
  #named = 0;

  constructor(fleet: SimulatedFleet, random: SeededRandom) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** One thing happens. What is refused (busy, wrong state, no controller) is refused: users live with it. */
  async act(): Promise<void> {
    const deed = this.#pick([
      () => this.#create(),
      () => this.#create(),
      () => this.#scale(),
      () => this.#scale(),
      () => this.#heal(),
      () => this.#terminate(),
      () => this.#control(),
      () => this.#cutOrRestore(),
      () => this.#cutOrRestore(),
      () => this.#kill('agent'),
      () => this.#kill('controller'),
      () => this.#trouble(),
      () => this.#trouble(),
      () => this.#diskFull(),
      () => this.#revive(),
      () => this.#revive(),
    ]);
    try {
      await deed();
    } catch (error) {
      if (!isSkerryError(error)) throw error;
    }
  }

  async #create(): Promise<void> {
    const { commands } = this.#fleet.living().core.lcm;
    if (this.#named >= 4) return;
    this.#named += 1;
    const name = `ns-${this.#named}`;
    const ns = await this.#soon(commands.createNs(operator, { nsdId: 'nsd-1', nsName: name }));
    if (ns === undefined) return;
    await this.#began(commands.instantiate(operator, ns.id, { additionalParamsForNs: { hostname: name } }));
  }

  async #scale(): Promise<void> {
    const { commands } = this.#fleet.living().core.lcm;
    const ns = await this.#anyNs();
    const vnf = ns?.desired?.vnfs[0];
    if (ns === undefined || vnf === undefined) return;
    const step = { aspectId: 'out', numberOfSteps: 1 };
    const scaleVnfType = this.#pick(['SCALE_OUT', 'SCALE_IN'] as const);
    await this.#began(
      commands.scale(operator, ns.id, {
        scaleType: 'SCALE_VNF',
        scaleVnfData: [{ vnfInstanceId: vnf.vnfInstanceId, scaleVnfType, scaleByStepData: step }],
      }),
    );
  }

  async #heal(): Promise<void> {
    const ns = await this.#anyNs();
    const vnf = ns?.desired?.vnfs[0];
    if (ns === undefined || vnf === undefined) return;
    const { commands } = this.#fleet.living().core.lcm;
    await this.#began(
      commands.heal(operator, ns.id, { healVnfData: [{ vnfInstanceId: vnf.vnfInstanceId as VnfInstanceId }] }),
    );
  }

  async #terminate(): Promise<void> {
    const ns = await this.#anyNs();
    if (ns === undefined) return;
    await this.#began(this.#fleet.living().core.lcm.commands.terminate(operator, ns.id, {}));
  }

  async #control(): Promise<void> {
    const opId = this.operations.at(-1);
    if (opId === undefined) return;
    const { commands } = this.#fleet.living().core.lcm;
    await this.#soon(
      this.#pick([
        () => commands.retry(operator, opId),
        () => commands.rollback(operator, opId),
        () => commands.cancel(operator, opId, 'GRACEFUL'),
        () => commands.cancel(operator, opId, 'FORCEFUL'),
        () => commands.fail(operator, opId),
      ])(),
    );
  }

  async #cutOrRestore(): Promise<void> {
    const name = this.#pick([...this.#fleet.agents.keys()]);
    if (!this.#fleet.unreachable.delete(name)) this.#fleet.cut(name);
  }

  async #kill(what: 'agent' | 'controller'): Promise<void> {
    if (what === 'controller') this.#fleet.controller?.life.end();
    else this.#pick([...this.#fleet.agents.values()]).life?.end();
  }

  async #revive(): Promise<void> {
    await this.#fleet.reviveAll();
  }

  /** Something happens on a platform: a unit dies, is deleted or changed behind our back, or the platform is in trouble. */
  async #trouble(): Promise<void> {
    const agent = this.#pick([...this.#fleet.agents.values()]);
    const [infraId] = agent.worlds.keys();
    const control = infraId === undefined ? undefined : agent.registry?.simulated(infraId);
    if (control === undefined) return;
    const unit = control.world().units[Math.floor(this.#random.next() * control.world().units.length)];
    const timeoutMs = 60_000;
    await this.#pick([
      async () => (unit === undefined ? undefined : control.kill(unit.key)),
      async () => (unit === undefined ? undefined : control.delete(unit.key)),
      async () => (unit === undefined ? undefined : control.drift(unit.key)),
      () => control.fault({ effect: 'fail', verb: 'ensure', times: 2, code: 'PlatformUnavailable' }),
      () => control.fault({ effect: 'act-after-timeout', verb: 'ensure', times: 1, delayMs: timeoutMs }),
      () => control.fault({ effect: 'hang', verb: 'ensure', times: 1 }),
    ])();
  }

  async #diskFull(): Promise<void> {
    const { disk } = this.#pick([...this.#fleet.agents.values()]);
    disk.isFull = !disk.isFull;
  }

  async #anyNs(): Promise<NsInstance | undefined> {
    const { store } = this.#fleet.living();
    const all = await store.range<NsInstance>({ prefix: 'ns/' });
    return all.length === 0 ? undefined : this.#pick(all).value;
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
    await this.#fleet.pass(1_000);
    if (done === undefined) return undefined;
    if ('error' in done) throw done.error;
    return done.value;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)]!;
  }
}
