import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkNsAgainstVnfs } from '#shared/descriptor/index.ts';
import type { Digest } from '#shared/model/ids.ts';
import { readPackage } from '#shared/package/index.ts';
import { exitWithError } from '#shared/runtime/exit-with-error.ts';
import { Lifecycle, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createPinoLogger } from '#shared/runtime/pino-logger.ts';
import { openLevelStore } from '#shared/store/index.ts';
import { createEnrollListener, createSyncListener, namedArtefacts } from './agentlink/index.ts';
import { createArtefactStore, createCatalog, createChartStore } from './catalog/index.ts';
import { createChartRoom } from './charts/index.ts';
import { composeCore } from './compose.ts';
import { type ControllerConfig, readControllerConfig } from './config.ts';
import { createEnrolment, createIdentity, openCertificateAuthority } from './identity/index.ts';
import { createNorthbound } from './northbound/index.ts';
import { nsdPlugin } from './northbound/nsd/index.ts';
import { skerryPlugin } from './northbound/skerry/index.ts';
import { defaultFetchPolicy, vnfPackagePlugin } from './northbound/vnfpkgm/index.ts';
import { createNotifier, createSecretBox } from './notify/index.ts';
import { createTelemetryBroker } from './telemetry/index.ts';

/**
 * The controller as a process: constructs everything, listens, says so with one JSON line on standard output, and stops in
 * order on SIGTERM or SIGINT.
 */
async function main(config: ControllerConfig): Promise<void> {
  const clock = systemClock;
  const random = systemRandom;
  const log = createPinoLogger({ name: 'controller', level: config.logLevel });
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const store = await openLevelStore(path.join(config.home, 'store'));
  const ca = await openCertificateAuthority(path.join(config.home, 'ca'), { clock, random });
  const names = splitNames(config);
  const [serverTls, secretKey] = await Promise.all([ca.issueServer(names), secretKeyOf(config.home)]);
  const tls = { ...serverTls, caPem: ca.caPem };

  const at = (port: number, advertised: string | undefined) => advertised ?? `${config.host}:${port}`;
  const enrolment = createEnrolment({
    store,
    ca,
    clock,
    random,
    addresses: () => ({
      enroll: [at(enroll.port(), config.advertiseEnroll)],
      sync: at(sync.port(), config.advertiseSync),
      mqtt: at(telemetry.port, config.advertiseMqtt),
    }),
  });
  const room = (name: string) => ({ clock, random, log: log.child({ room: name }) });
  const { host } = config;
  const artefacts = createArtefactStore({ folder: path.join(config.home, 'artefacts'), ...room('catalog') });
  const charts = createChartStore({ folder: path.join(config.home, 'charts'), ...room('catalog') });
  const carried = async (digest: Digest) => (await catalog.carriedFile(digest)) ?? artefacts.packagePath(digest);
  const named = namedArtefacts(() => core.book, carried);
  const sync = createSyncListener({
    host,
    port: config.syncPort,
    tls,
    enrolment,
    artefacts: named,
    ...room('agentlink'),
  });
  const enroll = createEnrollListener({ host, port: config.enrollPort, tls, enrolment, ...room('agentlink') });
  const telemetry = createTelemetryBroker({ host, port: config.mqttPort, tls, enrolment, ...room('telemetry') });

  const identity = createIdentity({ store, ...room('identity') });
  const notifier = createNotifier({ store, secretKey, ...room('notify') });
  const catalog = createCatalog({
    store,
    artefacts,
    charts,
    readPackage,
    checkNs: checkNsAgainstVnfs,
    notifier,
    ...room('catalog'),
  });
  const chartRoom = createChartRoom({
    store,
    charts,
    box: createSecretBox(secretKey, random),
    helm: config.helm,
    ...room('charts'),
  });
  const core = await composeCore({
    store,
    charts: chartRoom,
    models: catalog,
    notifier,
    clock,
    random,
    log,
    listeners: [sync, enroll],
  });
  const northbound = createNorthbound({
    lcm: core.lcm.commands,
    queries: core.lcm.queries,
    inventory: core.inventory,
    identity,
    catalog,
    subscriptions: notifier.subscriptions,
    plugins: [
      vnfPackagePlugin(defaultFetchPolicy),
      nsdPlugin(),
      skerryPlugin({
        store,
        enrolment: {
          ...enrolment,
          // A revoked agent loses its session at once.
          async revokeAgent(context, agentId) {
            await enrolment.revokeAgent(context, agentId);
            core.link.disconnect(agentId, 'revoked');
          },
        },
        telemetry: { latest: async (agentId) => telemetry.latest(agentId) },
        decisions: core.link,
        charts: chartRoom,
        clusters: core.clusters,
      }),
    ],
    ...room('northbound'),
    tls: config.isPlainHttp ? undefined : { key: serverTls.keyPem, cert: serverTls.certPem },
    host,
    port: config.northboundPort,
  });

  const lifecycle = new Lifecycle([identity, notifier, catalog, telemetry, ...core.components, northbound]);
  const password = config.adminPassword ?? random.hex(12);
  await identity.bootstrap(password);
  await lifecycle.start();
  const stop = onceStopped(async () => {
    await lifecycle.stop();
    await store.close();
  });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(
    `${JSON.stringify({
      ready: true,
      northbound: northbound.address().url,
      sync: `${host}:${sync.port()}`,
      enroll: `${host}:${enroll.port()}`,
      mqtt: `${host}:${telemetry.port}`,
      ca: path.join(config.home, 'ca', 'ca.cert.pem'),
    })}\n`,
  );
}

function splitNames(config: ControllerConfig): { dns: string[]; ip: string[] } {
  const names = [config.host, ...config.serverNames];
  const isAddress = (name: string) => /^[\d.]+$|:/.test(name);
  return { dns: names.filter((name) => !isAddress(name)), ip: names.filter(isAddress) };
}

/** Seals credentials of subscribers; made at the first start, kept beside the store. */
async function secretKeyOf(home: string): Promise<Uint8Array> {
  const file = path.join(home, 'secret.key');
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const key = randomBytes(32);
    await writeFile(file, key, { mode: 0o600, flush: true });
    await chmod(file, 0o600);
    return key;
  }
}

function onceStopped(stop: () => Promise<void>): () => void {
  return () => {
    stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
}

function fail(error: unknown): never {
  return exitWithError('controller', error);
}

main(readControllerConfig()).catch(fail);
