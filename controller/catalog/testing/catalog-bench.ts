import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Principal } from '#shared/model/identity.ts';
import { id } from '#shared/model/ids.ts';
import type { PackageLimits, ReadPackageFn } from '#shared/package/package-reader.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import type { RequestContext } from '../../context.ts';
import type { NotificationEvent } from '../../notify/notifier.ts';
import { createArtefactStore } from '../artefact-store.ts';
import type { UploadedFile } from '../catalog.ts';
import { createChartStore } from '../chart-store.ts';
import { createCatalog } from '../create-catalog.ts';
import type { CheckNsFn } from '../onboarding.ts';
import { type FakePackage, readFakePackage, sha256 } from './fake-packages.ts';

export const principal: Principal = {
  userId: id('user'),
  username: 'tester',
  projectId: id('default'),
  roles: ['admin'],
  permissions: new Set(['*']),
};
export const context: RequestContext = { principal, requestId: 'request' };

/** A catalogue over a memory store and a temporary folder. */
export async function startCatalog(
  options: { store?: Store; readPackage?: ReadPackageFn; checkNs?: CheckNsFn; limits?: PackageLimits } = {},
) {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-catalog-'));
  const folder = path.join(home, 'artefacts');
  const store = options.store ?? createMemoryStore();
  const events: NotificationEvent[] = [];
  const catalog = createCatalog({
    store,
    artefacts: createArtefactStore({ folder, random: systemRandom, log: silentLogger }),
    charts: createChartStore({ folder: path.join(home, 'charts'), random: systemRandom, log: silentLogger }),
    readPackage: options.readPackage ?? readFakePackage,
    checkNs: options.checkNs ?? (() => []),
    notifier: {
      stage: async (staged) => {
        events.push(...staged);
        return [];
      },
    },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    limits: options.limits,
  });
  await catalog.start();
  let count = 0;
  return {
    catalog,
    store,
    folder,
    events,
    async upload(fake: FakePackage): Promise<UploadedFile> {
      const text = JSON.stringify(fake);
      const file = path.join(home, `upload-${count++}`);
      await writeFile(file, text);
      const facts = { fileName: 'package.tar.gz', contentType: 'application/gzip' };
      return { path: file, bytes: Buffer.byteLength(text), sha256: sha256(text), ...facts };
    },
    async stop() {
      await catalog.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
export type CatalogBench = Awaited<ReturnType<typeof startCatalog>>;
