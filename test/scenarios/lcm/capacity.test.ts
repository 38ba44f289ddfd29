import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { Fleet, request } from './fleet.ts';
import { sampleCatalog, sampleNs } from './sample-models.ts';

/** An NS of one VNF of 2 vCPUs. */
function singleCatalog() {
  const ns = sampleNs();
  const flavours = ns.flavours.map((flavour) => ({ ...flavour, defaultLevelId: 'single' }));
  return sampleCatalog({ ...ns, flavours });
}

const params = { additionalParamsForNs: { hostname: 'h' } };

test('20 at once on one infra: as many as fit, the others are told why, and the ledger is the sum', async () => {
  const capacity = { vcpus: 24, memoryMib: 65_536, storageGib: 1_000 };
  const fleet = await Fleet.open({ sites: ['site-a'], capacity, catalog: singleCatalog() });
  const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => fleet.createNs(`ns${index}`)));
  const begun = await Promise.allSettled(ids.map((id) => fleet.lcm.commands.instantiate(request, id, params)));
  assert.equal(begun.filter((result) => result.status === 'fulfilled').length, 12);
  for (const result of begun) {
    if (result.status === 'fulfilled') continue;
    assert.ok(isSkerryError(result.reason));
    assert.equal(result.reason.code, 'NoPlacement');
    const [sentence] = result.reason.details['explanation'] as string[];
    assert.match(sentence!, /not on infra-site-a at site-a: 2 vCPUs needed, 0 of 24 free/);
  }
  assert.equal((await fleet.reserved('site-a')).vcpus, 24);
  assert.ok(await fleet.ledgerIsSum('site-a'));
  await fleet.answer();
  const operations = await fleet.lcm.queries.listOperations(undefined);
  assert.ok(operations.every(({ operation }) => operation.state === 'COMPLETED'));
  await Promise.all(
    operations.map(({ operation }) => fleet.lcm.commands.terminate(request, operation.nsInstanceId, {})),
  );
  await fleet.answer();
  assert.equal((await fleet.reserved('site-a')).vcpus, 0);
  assert.ok(await fleet.ledgerIsSum('site-a'));
  await fleet.stop();
});

test('a scale that does not fit on its infra is refused before anything is written', async () => {
  const capacity = { vcpus: 3, memoryMib: 65_536, storageGib: 1_000 };
  const fleet = await Fleet.open({ sites: ['site-a'], capacity, catalog: singleCatalog() });
  const nsId = await fleet.instantiated();
  const { vnfInstanceId } = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const data = { vnfInstanceId, scaleVnfType: 'SCALE_OUT' as const, scaleByStepData: { aspectId: 'out' } };
  const revision = await fleet.store.revision();
  await assert.rejects(
    fleet.lcm.commands.scale(request, nsId, { scaleType: 'SCALE_VNF', scaleVnfData: [data] }),
    (error: unknown) => isSkerryError(error) && error.code === 'NoPlacement' && /1 of 3 vcpus free/.test(error.message),
  );
  assert.equal(await fleet.store.revision(), revision);
  assert.equal((await fleet.ns(nsId)).openOperationId, undefined);
  await fleet.stop();
});

test('an infra that shrank below what is promised still gives back', async () => {
  const fleet = await Fleet.open({ sites: ['site-a'], catalog: singleCatalog() });
  const nsId = await fleet.instantiated();
  await fleet.reportCapacity('site-a', await fleet.infraOf('site-a'), { vcpus: 1, memoryMib: 1, storageGib: 1 });
  const operation = await fleet.lcm.commands.terminate(request, nsId, {});
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.equal((await fleet.reserved('site-a')).vcpus, 0);
  await fleet.stop();
});
