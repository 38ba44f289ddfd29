import { statfsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import { exitWithError } from '#shared/runtime/exit-with-error.ts';
import { Lifecycle, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createPinoLogger } from '#shared/runtime/pino-logger.ts';
import { openSettings } from '#shared/seal/index.ts';
import { composeAgent } from './compose.ts';
import { type AgentConfig, readAgentConfig } from './config.ts';
import { createConnectorRegistry } from './connectors/index.ts';
import {
  type AgentCredentials,
  createArtefactFetcher,
  createGrpcDial,
  createPrefetch,
  createRenewal,
  enrollAgent,
  loadCredentials,
  renewCertificate,
  sealOwnerOf,
} from './link/index.ts';
import { createLocalApi } from './local/index.ts';
import { createHostFacts, createHostReporter, KnownMachine } from './report/index.ts';
import { openAgentStore } from './store/index.ts';
import { createTelemetryPublisher } from './telemetry/index.ts';

/** Reading the machine's facts costs a second of a core: later than what a start is for. */
const machineFactsAfterMs = 10_000;

/**
 * The agent as a process: enrols at its first start, then works with or without a link until SIGTERM or SIGINT. Says that its
 * engine runs with one JSON line on standard output.
 */
async function main(config: AgentConfig): Promise<void> {
  const clock = systemClock;
  const random = systemRandom;
  const log = createPinoLogger({ name: 'agent', level: config.logLevel });
  const room = (name: string) => ({ clock, random, log: log.child({ room: name }) });
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const identityFolder = path.join(config.home, 'identity');
  let credentials = await ensureEnrolled(config, identityFolder, log);

  const store = await openAgentStore(path.join(config.home, 'store'), room('store'));
  const diskFreeBytes = () => {
    const { bavail, bsize } = statfsSync(config.home);
    return bavail * bsize;
  };
  const artefacts = createArtefactFetcher({
    folder: path.join(config.home, 'artefacts'),
    address: () => config.syncAddress ?? credentials.syncAddress,
    tls: () => credentials,
    freeBytes: diskFreeBytes,
    now: () => clock.now(),
    log: log.child({ room: 'link' }),
  });
  const connectors = createConnectorRegistry({
    home: config.home,
    kubernetes: config.kubernetes,
    ...room('connectors'),
    artefacts,
    async pushImages(images, registry, signal) {
      const { createImagePusher } = await import('./artefacts/index.ts');
      await createImagePusher({ artefacts, log: log.child({ room: 'artefacts' }) })(images, registry, signal);
    },
    openSecrets: ({ infraId, settings }) => openSettings(settings, { ...sealOwnerOf(credentials), infraId }),
  });
  const controller = config.syncAddress ?? credentials.syncAddress;
  const core = await composeAgent({
    store,
    connectors,
    agentId: credentials.agentId,
    siteId: credentials.siteId,
    dial: createGrpcDial({ address: () => config.syncAddress ?? credentials.syncAddress, tls: () => credentials }),
    controller,
    clock,
    random,
    log,
    diskFreeBytes,
  });
  const prefetch = createPrefetch({ fetcher: artefacts, holder: core.holder, link: core.link, ...room('link') });
  const hostFacts = createHostFacts(config.home);
  const machine = new KnownMachine(store, log.child({ room: 'report' }));
  const hostReporter = createHostReporter({
    store,
    outbox: core.outbox,
    facts: async () => ({ ...(await hostFacts()), machine: machine.facts() }),
    appliedGeneration: () => core.seek.appliedGeneration(),
    deletionsHeld: () => core.seek.heldDeletions().length,
    ...room('report'),
  });
  const renewal = createRenewal({
    credentials: () => credentials,
    renew: async () => {
      const enrollAddress = config.enrollAddress ?? credentials.enrollAddress;
      credentials = await renewCertificate({ folder: identityFolder, credentials, enrollAddress });
    },
    ...room('link'),
  });
  const telemetry = createTelemetryPublisher({
    address: config.mqttAddress ?? credentials.mqttAddress,
    tls: () => credentials,
    agentId: credentials.agentId,
    sample: async () => numbersOf(await hostFacts()),
    group: 'host',
    intervalMs: config.telemetryIntervalMs,
    ...room('telemetry'),
  });
  const local = createLocalApi({
    socketPath: config.socketPath,
    sources: core.localSources,
    log: log.child({ room: 'local' }),
  });

  const lifecycle = new Lifecycle([...core.components, prefetch, hostReporter, local, renewal, telemetry]);
  await lifecycle.start();
  const cancelMachine = clock.timer(machineFactsAfterMs, () => void machine.refresh().then(() => hostReporter.wake()));
  const stop = () => {
    cancelMachine();
    lifecycle
      .stop()
      .then(() => store.close())
      .then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(
    `${JSON.stringify({ ready: true, agentId: credentials.agentId, siteId: credentials.siteId, socket: config.socketPath })}\n`,
  );
}

function numbersOf(facts: object): Record<string, number> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => typeof value === 'number')) as Record<
    string,
    number
  >;
}

async function ensureEnrolled(
  config: AgentConfig,
  folder: string,
  log: ReturnType<typeof createPinoLogger>,
): Promise<AgentCredentials> {
  const known = loadCredentials(folder);
  if (known !== undefined) return known;
  if (config.joinToken === undefined || config.joinToken === '') {
    throw new SkerryError('Unauthenticated', 'This agent is not enrolled and has no join token', {
      remedy:
        'make one with `skerry agent token --site SITE` and give it as SKERRY_JOIN_TOKEN or SKERRY_JOIN_TOKEN_FILE',
    });
  }
  return enrollAgent({ folder, joinToken: config.joinToken, enrollAddress: config.enrollAddress, log });
}

function fail(error: unknown): never {
  return exitWithError('agent', error);
}

main(readAgentConfig()).catch(fail);
