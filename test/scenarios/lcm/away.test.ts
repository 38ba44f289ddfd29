import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet, request } from './fleet.ts';

const hour = 3_600_000;
const minute = 60_000;

async function cut(fleet: Fleet, site: string): Promise<void> {
  await fleet.room.sink.connection(fleet.agent(site).id, false);
  await fleet.lcm.idle();
}

async function restore(fleet: Fleet, site: string): Promise<void> {
  await fleet.room.sink.connection(fleet.agent(site).id, true);
  await fleet.lcm.idle();
}

async function instantiating() {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } });
  return { fleet, nsId, operation };
}

test('a site that is away is waited for, past every deadline, and the operation says so', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.answer('site-a', 'site-c');
  await fleet.clock.advance(minute);
  await cut(fleet, 'site-b');
  const since = new Date(fleet.clock.now()).toISOString();
  await fleet.clock.advance(30 * 24 * hour);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'PROCESSING');
  const view = await fleet.lcm.queries.operation(operation.id);
  assert.equal(view.operation.explanation.at(-1), `site-b unreachable since ${since}.`);
  const site = view.progress.sites.find((candidate) => candidate.siteName === 'site-b')!;
  assert.equal(site.connected, false);
  assert.ok(site.ready < site.total);
  await restore(fleet, 'site-b');
  await fleet.answer('site-b');
  assert.equal(await fleet.state(operation), 'COMPLETED');
  await fleet.stop();
});

test('a site that comes back past the deadline has a grace to catch up, and no more', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.answer('site-a', 'site-c');
  await cut(fleet, 'site-b');
  await fleet.clock.advance(3 * hour);
  await restore(fleet, 'site-b');
  await fleet.clock.advance(4 * minute);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.clock.advance(2 * minute);
  await fleet.lcm.idle();
  const failed = await fleet.operation(operation.id);
  assert.equal(failed.state, 'FAILED_TEMP');
  assert.match(failed.error!.detail, /^Not done in time: site-b works towards generation/);
  await fleet.stop();
});

test('a site that comes back right before the deadline has the grace too', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.answer('site-a', 'site-c');
  await cut(fleet, 'site-b');
  await fleet.clock.advance(2 * hour - minute);
  await restore(fleet, 'site-b');
  await fleet.clock.advance(2 * minute);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.answer('site-b');
  assert.equal(await fleet.state(operation), 'COMPLETED');
  await fleet.stop();
});

test('a site that is there all the time fails the operation at its deadline; a retry has a new one', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.answer('site-a', 'site-c');
  await fleet.clock.advance(2 * hour - 1_000);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.clock.advance(2_000);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.lcm.commands.retry(request, operation.id);
  await fleet.clock.advance(hour);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  await fleet.stop();
});

test('rollback with a site away goes on waiting for it', async () => {
  const { fleet, nsId, operation } = await instantiating();
  await cut(fleet, 'site-b');
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  await fleet.lcm.commands.rollback(request, operation.id);
  await fleet.answer('site-a', 'site-c');
  await fleet.clock.advance(10 * hour);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'ROLLING_BACK');
  await restore(fleet, 'site-b');
  await fleet.answer('site-b');
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.equal((await fleet.ns(nsId)).state, 'NOT_INSTANTIATED');
  await fleet.stop();
});

test('nothing new is placed on a site that is away, unless the request names it', async () => {
  const fleet = await Fleet.open();
  await cut(fleet, 'site-b');
  const nsId = await fleet.createNs();
  const params = { additionalParamsForNs: { hostname: 'h' } };
  const operation = await fleet.lcm.commands.instantiate(request, nsId, params);
  assert.equal(operation.targets.length, 2);
  assert.ok(operation.explanation.some((sentence) => /not on infra-site-b .* unreachable since/.test(sentence)));
  const named = await fleet.createNs('named');
  const waiting = await fleet.lcm.commands.instantiate(request, named, {
    ...params,
    placement: { b: { site: 'site-b' } },
  });
  assert.equal(waiting.targets.length, 3);
  assert.ok(waiting.explanation.some((sentence) => /it was named, so it waits/.test(sentence)));
  await fleet.stop();
});

test('a failure of another site, older than the operation, is not the operation’s', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const { vnfs } = (await fleet.ns(nsId)).desired!;
  const [scaled, broken] = vnfs;
  const agentOf = (agentId: string) => [...fleet.agents.values()].find((agent) => agent.id === agentId)!;
  agentOf(broken!.placement.agentId).failing = () => true;
  await fleet.answer();
  const operation = await fleet.lcm.commands.scale(request, nsId, {
    scaleType: 'SCALE_VNF',
    scaleVnfData: [
      {
        vnfInstanceId: scaled!.vnfInstanceId,
        scaleVnfType: 'SCALE_OUT',
        scaleByStepData: { aspectId: 'out' },
      },
    ],
  });
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  await fleet.stop();
});
