import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import { type InfraId, id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { describeConnector } from './connector-suite.ts';

const infraId = id<InfraId>('infra-1');

/** On real files: a platform that is opened again must remember. */
async function makePlatform() {
  const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-simulated-'));
  const registry = createConnectorRegistry({ home, clock: systemClock, random: systemRandom, log: silentLogger });
  return {
    open: () => registry.open({ infraId, name: 'lab', kind: 'simulated', settings: {} }),
    drift: async (key: Parameters<NonNullable<ReturnType<typeof registry.simulated>>['drift']>[0]) =>
      registry.simulated(infraId)?.drift(key),
    hangNextEnsure: async () => {
      await registry.simulated(infraId)?.fault({ verb: 'ensure', effect: 'hang', times: 1 });
    },
    close: () => rm(home, { recursive: true }),
  };
}

describeConnector('simulated (compute)', makePlatform, {
  sample: {
    kind: 'compute',
    spec: {
      name: 'vm',
      image: { name: 'ubuntu', alternatives: [] },
      vcpus: 1,
      memoryMib: 512,
      rootDiskGib: 4,
      extra: {},
      ports: [],
      volumes: [],
      configDrive: false,
      affinityGroupKeys: [],
    },
  },
  inPlace: { vcpus: 2 },
  replacing: { image: { name: 'debian', alternatives: [] } },
});

describeConnector('simulated (helm-release)', makePlatform, {
  sample: {
    kind: 'helm-release',
    spec: {
      name: 'r',
      namespace: 'n',
      chart: 'repo/chart:1',
      values: {},
      replicas: { web: 2 },
      services: [{ name: 'web' }],
    },
  },
  inPlace: { replicas: { web: 3 } },
});
