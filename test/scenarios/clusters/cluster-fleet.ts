import type { WorldUnit } from '#agent/connectors/index.ts';
import type { Clusters } from '#controller/clusters/index.ts';
import type { ApplicationState } from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import { operator, SimulatedFleet } from '../../simulation/simulated-fleet.ts';

export { operator };

/** A controller and two sites with a (simulated) cluster each, on one virtual clock. */
export class ClusterFleet {
  readonly fleet = new SimulatedFleet(7);
  readonly ids = new Map<string, InfraId>();

  static async open(): Promise<ClusterFleet> {
    const opened = new ClusterFleet();
    const { fleet } = opened;
    await fleet.startController();
    await fleet.onboard();
    for (const site of ['north', 'south']) {
      await fleet.addSite(site, 64);
      await opened.register(site);
    }
    await fleet.pass(20_000);
    return opened;
  }

  get clusters(): Clusters {
    return this.fleet.living().core.clusters;
  }

  get inventory() {
    return this.fleet.living().core.inventory;
  }

  /** Another infra of the same agent: a cluster that is registered (again). */
  async register(site: string, name = `cluster-${site}`): Promise<InfraId> {
    const { agentId } = this.fleet.agents.get(site)!;
    const settings = { capacity: { vcpus: 64, memoryMib: 64_000, storageGib: 400 }, settleMs: 1_000 };
    const { id } = await this.inventory.createInfra(operator, { name, agentId, kind: 'kubernetes', settings });
    this.ids.set(site, id);
    return id;
  }

  id(site: string): InfraId {
    return this.ids.get(site)!;
  }

  async restore(site: string): Promise<void> {
    this.fleet.unreachable.delete(site);
    await this.pass();
  }

  async pass(ms = 120_000): Promise<void> {
    await this.fleet.pass(ms);
  }

  /** What runs on the platform of one of a site's infras. */
  running(site: string, infraId: InfraId = this.id(site)): WorldUnit[] {
    const control = new Map(this.fleet.agents.get(site)!.platform.controls).get(infraId);
    return control === undefined ? [] : [...control.world().units];
  }

  /** How often anything was ever removed there. */
  removals(site: string, infraId: InfraId = this.id(site)): number {
    const control = new Map(this.fleet.agents.get(site)!.platform.controls).get(infraId);
    const effects = Object.values(control?.world().effects ?? {});
    return effects.reduce((sum, { removes }) => sum + removes, 0);
  }

  /** application@site → state. */
  async states(profile: string): Promise<Record<string, ApplicationState>> {
    const { items } = await this.clusters.profileStatus(profile, { limit: 1_000 });
    return Object.fromEntries(items.map((item) => [`${item.application}@${item.siteName}`, item.state]));
  }
}
