import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestContext } from '#controller/context.ts';
import { visibleProject } from '#controller/context.ts';
import { keys } from '#controller/keys.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsdInfo } from '#shared/model/catalog.ts';
import { Fleet, request } from './fleet.ts';
import { sampleCatalog } from './sample-models.ts';

const hasCode = (code: string) => (error: unknown) => isSkerryError(error) && error.code === code;

function asked(projectId: string, seesAllProjects = false): RequestContext {
  return { ...request, principal: { ...request.principal, projectId, seesAllProjects } } as RequestContext;
}

test('an administrator of one project is nobody in another; one of all projects sees all', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const { commands, queries } = fleet.lcm;
  await assert.rejects(commands.terminate(asked('p2'), nsId, {}), hasCode('NotFound'));
  await assert.rejects(commands.deleteNs(asked('p2'), nsId), hasCode('NotFound'));
  const list = (context: RequestContext) => queries.listNs(visibleProject(context.principal));
  assert.equal((await list(asked('p2'))).length, 0);
  assert.equal((await list(asked('p1'))).length, 1);
  assert.equal((await list(asked('p2', true))).length, 1);
  const operation = await commands.terminate(asked('p2', true), nsId, {});
  assert.equal(operation.projectId, 'p1', 'it stays the project’s');
  await assert.rejects(commands.cancel(asked('p2'), operation.id, 'FORCEFUL'), hasCode('NotFound'));
  await fleet.stop();
});

test('the catalog is asked for the project’s NSD only, unless all projects are seen', async () => {
  const sample = sampleCatalog();
  const projects: unknown[] = [];
  const catalog = {
    ...sample,
    resolveNsd: (nsdId: string, projectId?: never) => {
      projects.push(projectId);
      return sample.resolveNsd(nsdId, projectId);
    },
  };
  const fleet = await Fleet.open({ catalog });
  projects.length = 0;
  await fleet.lcm.commands.createNs(asked('p2'), { nsdId: 'nsd-1', nsName: 'x' });
  await fleet.lcm.commands.createNs(asked('p2', true), { nsdId: 'nsd-1', nsName: 'y' });
  assert.deepEqual(projects, ['p2', undefined]);
  await fleet.stop();
});

test('an NS is not created of an NSD that is disabled or deleted meanwhile', async () => {
  for (const change of ['disabled', 'deleted'] as const) {
    const sample = sampleCatalog();
    let isFirst = true;
    const fleet = await Fleet.open({ catalog: sample });
    const key = keys.nsd('nsd-1');
    const nsd = (await fleet.store.get<NsdInfo>(key))!.value;
    // Between the reading of the NSD and the commit of the NS.
    fleet.onCommit = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      const value = change === 'deleted' ? undefined : { ...nsd, operationalState: 'DISABLED' };
      return fleet.store.commit([{ key, value }]);
    };
    const created = fleet.lcm.commands.createNs(request, { nsdId: 'nsd-1', nsName: 'x' });
    await assert.rejects(created, hasCode(change === 'deleted' ? 'NotFound' : 'Conflict'));
    assert.deepEqual(await fleet.store.range({ prefix: 'ns/' }), []);
    await fleet.stop();
  }
});
