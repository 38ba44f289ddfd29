import path from 'node:path';
import type { Connector, InfraConfig } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { KubernetesPrograms, PushImages } from './kubernetes/index.ts';
import type { Crash, SimulatedControl, WorldFile } from './simulated/index.ts';

/** Opens connectors by the kind of their infra; a connector's code is loaded when the first infra of its kind is opened. */
export interface ConnectorRegistry {
  /** @throws SkerryError PlatformRefused for a kind that this agent does not know, or settings that are wrong */
  open(infra: InfraConfig): Promise<Connector>;
  /** Control of a simulated infra that is open. */
  simulated(infraId: InfraId): SimulatedControl | undefined;
  /** The same for orders from outside: shape of `SimulatedOrders` in `agent/local`. */
  simulatedOrders(
    infraId: InfraId,
  ): { order(verb: string, body: unknown): Promise<object>; world(): object } | undefined;
}

/** Files of the controller that the intent names, kept at the site by digest. */
export interface ArtefactSource {
  /**
   * Path of a verified file.
   * @throws SkerryError Unavailable (not here yet, and no link), NotFound
   */
  fetch(digest: string, signal?: AbortSignal): Promise<string>;
}

export interface ConnectorRegistryOptions {
  /** `<SKERRY_HOME>`; worlds of simulated infras lie in `worlds/` below it. */
  home: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Ends this process when a simulated fault orders it. */
  crash?: Crash;
  artefacts?: ArtefactSource;
  /** Programs and permissions of this node for connectors to Kubernetes. */
  kubernetes?: KubernetesPrograms;
  /** Brings images that travel with a unit to a registry of the site. */
  pushImages?: PushImages;
  /** Opens what was sealed to this agent: an infra as it came → its settings in clear. Absent: taken as they are. */
  openSecrets?: (infra: InfraConfig) => Promise<JsonObject>;
  /** In place of files, for tests and simulation. */
  worldFileOf?: (infraId: InfraId) => WorldFile;
}

type Opener = (infra: InfraConfig, options: ConnectorRegistryOptions) => Promise<OpenedInfra>;
interface OpenedInfra {
  connector: Connector;
  control?: SimulatedControl;
}

const kinds: Record<string, Opener> = {
  async kubernetes(infra, { home, clock, random, log, artefacts, kubernetes, pushImages }) {
    const { openKubernetesInfra } = await import('./kubernetes/index.ts');
    const connector = await openKubernetesInfra({
      ...{ infra, home, clock, random, log },
      programs: kubernetes ?? ordinaryPrograms,
      ...(artefacts === undefined ? {} : { fetchArtefact: (digest, signal) => artefacts.fetch(digest, signal) }),
      ...(pushImages === undefined ? {} : { pushImages }),
    });
    return { connector };
  },
  async simulated(infra, { home, clock, random, log, crash, worldFileOf }) {
    const { openSimulatedInfra } = await import('./simulated/index.ts');
    return openSimulatedInfra({
      infra,
      worldFolder: path.join(home, 'worlds'),
      clock,
      random,
      log,
      crash: crash ?? killWhenOrdered,
      worldFile: worldFileOf?.(infra.infraId),
    });
  },
};

/** Absent a configuration: what is on an ordinary PATH. */
const ordinaryPrograms: KubernetesPrograms = {
  helm: 'helm',
  kustomize: 'kubectl',
  path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  allowsExec: false,
};

export function createConnectorRegistry(options: ConnectorRegistryOptions): ConnectorRegistry {
  const controls = new Map<InfraId, SimulatedControl>();
  return {
    async open(infra) {
      const opener = Object.hasOwn(kinds, infra.kind) ? kinds[infra.kind] : undefined;
      if (opener === undefined)
        throw new SkerryError('PlatformRefused', `This agent has no connector of kind ${infra.kind}`, {
          remedy: `Register an infra of kind ${Object.keys(kinds).join(', ')}.`,
        });
      const settings = (await options.openSecrets?.(infra)) ?? infra.settings;
      const { connector, control } = await opener({ ...infra, settings }, options);
      if (control !== undefined) controls.set(infra.infraId, control);
      return connector;
    },
    simulated: (infraId) => controls.get(infraId),
    simulatedOrders(infraId) {
      const control = controls.get(infraId);
      if (control === undefined) return undefined;
      return {
        async order(verb, body) {
          const { orderSimulated } = await import('./simulated/index.ts');
          return orderSimulated(control, verb, body);
        },
        world: () => control.world(),
      };
    },
  };
}

/** As the machine would do it: no handler runs, nothing is flushed. */
function killWhenOrdered(_point: string, isOrdered: boolean): void {
  if (isOrdered) process.kill(process.pid, 'SIGKILL');
}
