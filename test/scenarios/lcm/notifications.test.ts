import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderNotification } from '#controller/notify/notification-bodies.ts';
import { passesFilter } from '#controller/notify/subscription-filter.ts';
import type { Subscription } from '#controller/notify/subscription-registry.ts';
import { EtsiContract, reasonToSkip } from '#test/conformance/sol005/etsi-contract.ts';
import { Fleet, request } from './fleet.ts';

const subscription = {
  id: 'c7d1f7f0-3b7e-4c4a-9d3b-7f0f5b1f0a01',
  api: 'nslcm',
  major: 'v2',
  verbosity: 'FULL',
  baseUrl: 'https://127.0.0.1:9999',
} as Subscription;

/** Every kind of operation, one that fails and is rolled back among them. */
async function eventsOfALife(): Promise<Fleet> {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const { vnfInstanceId } = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const scaleByStepData = { aspectId: 'out' };
  const scale = await fleet.lcm.commands.scale(request, nsId, {
    scaleType: 'SCALE_VNF',
    scaleVnfData: [{ vnfInstanceId, scaleVnfType: 'SCALE_OUT', scaleByStepData }],
  });
  await fleet.lcm.commands.cancel(request, scale.id, 'FORCEFUL');
  await fleet.lcm.idle();
  await fleet.lcm.commands.rollback(request, scale.id);
  await fleet.answer();
  await fleet.lcm.commands.heal(request, nsId, { healVnfData: [{ vnfInstanceId }] });
  await fleet.answer();
  await fleet.lcm.commands.scale(request, nsId, {
    scaleType: 'SCALE_NS',
    scaleNsData: { scaleNsToLevelData: { nsInstantiationLevel: 'single' } },
  });
  await fleet.answer();
  await fleet.lcm.commands.terminate(request, nsId, {});
  await fleet.answer();
  await fleet.lcm.commands.deleteNs(request, nsId);
  await fleet.stop();
  return fleet;
}

test('START and RESULT of every operation, in order, with what became of each VNF', async () => {
  const { events } = await eventsOfALife();
  const told = events.map(({ type, facts }) =>
    type === 'NsLcmOperationOccurrenceNotification'
      ? `${facts['operation']} ${facts['notificationStatus']} ${facts['operationState']}`
      : type,
  );
  assert.deepEqual(told, [
    'NsIdentifierCreationNotification',
    'INSTANTIATE START PROCESSING',
    'INSTANTIATE RESULT COMPLETED',
    'SCALE START PROCESSING',
    'SCALE RESULT FAILED_TEMP',
    'SCALE START ROLLING_BACK',
    'SCALE RESULT ROLLED_BACK',
    'HEAL START PROCESSING',
    'HEAL RESULT COMPLETED',
    'SCALE START PROCESSING',
    'SCALE RESULT COMPLETED',
    'TERMINATE START PROCESSING',
    'TERMINATE RESULT COMPLETED',
    'NsIdentifierDeletionNotification',
  ]);
  const changes = events.flatMap(({ facts }) => {
    const affected = facts['affectedVnf'] as
      | { changeType: string; changeResult: string; vnfName: string }[]
      | undefined;
    return affected === undefined
      ? []
      : [affected.map((vnf) => `${vnf.vnfName} ${vnf.changeType} ${vnf.changeResult}`)];
  });
  assert.deepEqual(
    changes[0],
    ['a', 'b', 'c'].map((profile) => `ns1-${profile} INSTANTIATE COMPLETED`),
  );
  assert.deepEqual(changes[1], ['ns1-a SCALE FAILED']);
  assert.deepEqual(changes[2], ['ns1-a SCALE ROLLED_BACK']);
  assert.deepEqual(changes[3], ['ns1-a HEAL COMPLETED']);
  assert.deepEqual(changes[4], ['ns1-b REMOVE COMPLETED', 'ns1-c REMOVE COMPLETED']);
  assert.deepEqual(changes[5], ['ns1-a TERMINATE COMPLETED']);
});

test('a filter by VNFD passes every operation of a service that has it', async () => {
  const { events } = await eventsOfALife();
  const operations = events.filter((event) => event.type === 'NsLcmOperationOccurrenceNotification');
  const wants = (vnfdId: string) => ({ nsInstanceSubscriptionFilter: { vnfdIds: [vnfdId] } });
  for (const event of operations) {
    assert.ok(passesFilter(event, wants('sample-vnf')), JSON.stringify(event.facts));
    assert.ok(!passesFilter(event, wants('another-vnf')));
  }
});

test('the bodies are as ETSI’s own file wants them', { skip: reasonToSkip }, async () => {
  const contract = new EtsiContract();
  const { events } = await eventsOfALife();
  for (const event of events) {
    const body = renderNotification(event, subscription, '5c1a8a9e-38f4-4f0f-9f53-0f3b0f8f3e11');
    assert.deepEqual(contract.notification('nslcm', JSON.parse(JSON.stringify(body))), [], JSON.stringify(body));
  }
});
