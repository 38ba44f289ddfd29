import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsInstanceId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { IntentObject, UnitObject } from '#shared/wire/frames.ts';
import { Fleet, request } from './fleet.ts';

const isCompute = (object: IntentObject) => (object.body as UnitObject).kind === 'compute';

/** A step of a story; asked again after a death, it must find out by itself what is done already. */
type Step = (fleet: Fleet, nsId: NsInstanceId) => Promise<unknown>;

async function openOperation(fleet: Fleet, nsId: NsInstanceId): Promise<NsLcmOpOcc | undefined> {
  const { openOperationId } = await fleet.ns(nsId);
  return openOperationId === undefined ? undefined : await fleet.operation(openOperationId);
}

/** Begins unless it has begun: an answer that was lost is found in the store. */
function begin(type: NsLcmOpOcc['type'], ask: Step): Step {
  return async (fleet, nsId) => {
    const operations = await fleet.store.range<NsLcmOpOcc>({ prefix: 'op/' });
    if (operations.every(({ value }) => value.type !== type)) await ask(fleet, nsId);
  };
}

const scaleOut: Step = async (fleet, nsId) => {
  const vnf = (await fleet.ns(nsId)).desired!.vnfs.find((candidate) => candidate.profileId === 'b')!;
  const { vnfInstanceId } = vnf;
  const data = { vnfInstanceId, scaleVnfType: 'SCALE_OUT' as const, scaleByStepData: { aspectId: 'out' } };
  await fleet.lcm.commands.scale(request, nsId, { scaleType: 'SCALE_VNF', scaleVnfData: [data] });
};

/** Instantiate, a scale that fails and is rolled back, heal, terminate. */
const story: Step[] = [
  begin('INSTANTIATE', (fleet, nsId) =>
    fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } }),
  ),
  (fleet) => fleet.answer(),
  async (fleet, nsId) => {
    const known = new Set((await fleet.ns(nsId)).desired!.vnfs.flatMap((vnf) => vnf.vnfcs.map((vnfc) => vnfc.key)));
    for (const agent of fleet.agents.values()) agent.failing = (object) => isCompute(object) && !known.has(object.key);
  },
  begin('SCALE', scaleOut),
  (fleet) => fleet.answer(),
  async (fleet, nsId) => {
    const operation = await openOperation(fleet, nsId);
    if (operation?.state === 'FAILED_TEMP') await fleet.lcm.commands.rollback(request, operation.id);
  },
  (fleet) => fleet.answer(),
  begin('HEAL', (fleet, nsId) =>
    fleet.lcm.commands.heal(request, nsId, { healNsData: { degreeHealing: 'HEAL_RESTORE' } }),
  ),
  (fleet) => fleet.answer(),
  begin('TERMINATE', (fleet, nsId) => fleet.lcm.commands.terminate(request, nsId, {})),
  (fleet) => fleet.answer(),
];

/** Plays the story; the controller dies before its `dieBefore`th commit and is started again. Returns the commits it took. */
async function play(dieBefore: number | undefined): Promise<number> {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  let commits = 0;
  fleet.onCommit = () => {
    commits += 1;
  };
  fleet.commitsLeft = dieBefore;
  for (const step of story) {
    try {
      await step(fleet, nsId);
    } catch (error) {
      assert.ok(!isSkerryError(error), `only the death may break a step: ${String(error)}`);
    }
    if (fleet.commitsLeft !== 0) continue;
    await fleet.reboot();
    await step(fleet, nsId);
    await fleet.lcm.idle();
  }
  await assertEnd(fleet, nsId, `died before commit ${dieBefore}`);
  await fleet.stop();
  return commits;
}

async function assertEnd(fleet: Fleet, nsId: NsInstanceId, when: string): Promise<void> {
  const operations = (await fleet.store.range<NsLcmOpOcc>({ prefix: 'op/' })).map(({ value }) => value);
  const ends = operations.map(({ type, state }) => `${type} ${state}`).sort();
  assert.deepEqual(ends, ['HEAL COMPLETED', 'INSTANTIATE COMPLETED', 'SCALE ROLLED_BACK', 'TERMINATE COMPLETED'], when);
  const ns = await fleet.ns(nsId);
  assert.equal(ns.state, 'NOT_INSTANTIATED', when);
  assert.equal(ns.openOperationId, undefined, when);
  for (const site of fleet.agents.keys()) {
    assert.equal((await fleet.reserved(site)).vcpus, 0, when);
    assert.ok(await fleet.ledgerIsSum(site), when);
  }
  for (const prefix of ['vnf/', 'allocation/', 'unit-failure/', 'one-shot/'])
    assert.deepEqual(await fleet.store.range({ prefix }), [], `${when}: ${prefix}`);
}

test('the controller dies before any one of its commits: every story ends the same', async () => {
  const commits = await play(undefined);
  assert.ok(commits > 15);
  for (let dieBefore = 0; dieBefore < commits; dieBefore++) await play(dieBefore);
});
