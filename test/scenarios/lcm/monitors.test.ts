import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MonitorSpec } from '#shared/connector/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsInstanceId } from '#shared/model/ids.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { NsInstance } from '#shared/model/ns-lcm.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { operator, SimulatedFleet } from '../../simulation/simulated-fleet.ts';
import { sampleCatalog, sampleNs, sampleVnf } from './sample-models.ts';

const metrics = { port: 'http', path: '/metrics', intervalS: 30 };

/** A controller, one site with one simulated infra, and an NS of one KNF. */
class Here {
  readonly fleet: SimulatedFleet;
  nsId!: NsInstanceId;

  constructor() {
    const ns = sampleNs();
    const [flavour] = ns.flavours;
    const vnf = sampleVnf();
    const flavours = vnf.flavours.map((each) => ({ ...each, vduProfiles: [], scalingAspects: [] }));
    const kdus = [{ name: 'web', helmChart: 'stable/web:1.0', services: [] }];
    const single = { ...ns, flavours: [{ ...flavour!, defaultLevelId: 'single' }] };
    this.fleet = new SimulatedFleet(3, { models: sampleCatalog(single, { ...vnf, vdus: [], kdus, flavours }) });
  }

  static async open(): Promise<Here> {
    const here = new Here();
    await here.fleet.startController();
    await here.fleet.onboard();
    await here.fleet.addSite('north', 16);
    await here.fleet.pass(20_000);
    const { id } = await here.core.lcm.commands.createNs(operator, { nsdId: 'sample-ns', nsName: 'hello' });
    here.nsId = id;
    return here;
  }

  get core() {
    return this.fleet.living().core;
  }

  get running() {
    return this.fleet.agents.get('north')!.platform.controls.flatMap(([, control]) => [...control.world().units]);
  }

  async instantiate(monitor?: JsonValue): Promise<string> {
    const additionalParamsForKdu = [{ kdu_name: 'web', additionalParams: {}, ...(monitor ? { monitor } : {}) }];
    const additionalParams = { additionalParamsForKdu };
    const params = { additionalParamsForVnf: [{ vnfProfileId: 'a', additionalParams }] };
    const { id } = await this.core.lcm.commands.instantiate(operator, this.nsId, params);
    await this.fleet.pass(60_000);
    return (await this.core.lcm.queries.operation(id)).operation.state;
  }

  async ns(): Promise<NsInstance> {
    return (await this.core.lcm.queries.ns(this.nsId)).ns;
  }
}

test('a KDU is scraped by a unit of its own, after it, and seen beside it', async () => {
  const here = await Here.open();
  assert.equal(await here.instantiate(metrics), 'COMPLETED');
  const kdu = (await here.ns()).desired!.vnfs[0]!.kdus[0]!;
  const object = await here.core.book.object(here.fleet.agents.get('north')!.agentId, kdu.monitorKey!);
  const release = here.running.find(({ kind }) => kind === 'helm-release')!.spec['name'];
  assert.deepEqual(object?.dependsOn, [kdu.key]);
  assert.deepEqual((object!.body as UnitObject).spec as unknown as MonitorSpec, {
    name: `${release}-metrics`,
    namespace: `ns-${here.nsId.slice(0, 8)}`,
    selector: { 'app.kubernetes.io/instance': release },
    target: 'service',
    ...metrics,
  });
  const { vnfs } = await here.core.lcm.queries.ns(here.nsId);
  assert.deepEqual(
    vnfs[0]!.units.filter(({ part }) => part === 'web').map(({ kind, ready }) => [kind, ready]),
    [
      ['helm-release', true],
      ['monitor', true],
    ],
  );
  const act = { vnf: 'a', kdu: 'web', action: 'upgrade' as const, params: { values: { a: 1 } } };
  await here.core.lcm.commands.actOnKdu(operator, here.nsId, act);
  await here.fleet.pass(60_000);
  assert.equal(
    (await here.ns()).desired!.vnfs[0]!.kdus[0]!.monitorKey,
    kdu.monitorKey,
    'it is the same after an upgrade',
  );
  await here.core.lcm.commands.terminate(operator, here.nsId, {});
  await here.fleet.pass(60_000);
  assert.deepEqual(here.running, []);
});

test('without a wish there is no monitor; a wish that cannot be meant is refused by name', async () => {
  const here = await Here.open();
  const wrong: [JsonValue, RegExp][] = [
    [{ ...metrics, port: 8080 }, /port is missing, or no name of a port/],
    [{ ...metrics, path: 'metrics' }, /path is no path/],
    [{ ...metrics, target: 'node' }, /target is neither service nor pod/],
    [{ ...metrics, intervalS: 0 }, /intervalS is no number of seconds/],
    [{ ...metrics, selector: { app: 1 } }, /selector is no object of/],
    [{ ...metrics, scrape: true }, /scrape is not known/],
    [[], /it is no object/],
  ];
  for (const [monitor, words] of wrong)
    await assert.rejects(here.instantiate(monitor), (error: unknown) => {
      assert.ok(isSkerryError(error) && error.code === 'Unprocessable');
      assert.equal(error.details['path'], 'additionalParamsForKdu/web/monitor');
      return words.test(error.message) && error.message.startsWith('monitor of KDU web: ');
    });
  assert.equal(await here.instantiate(), 'COMPLETED');
  assert.deepEqual(
    here.running.map(({ kind }) => kind).filter((kind) => kind === 'monitor'),
    [],
  );
});

test('a cluster without the Prometheus operator is not chosen, and it is said why', async () => {
  const here = await Here.open();
  const { store } = here.fleet.living();
  for (const { key, value } of await store.range<{ facts: { features: string[] } }>({ prefix: 'infra-status/' })) {
    const features = value.facts.features.filter((feature) => feature !== 'monitor');
    await store.commit([{ key, value: { ...value, facts: { ...value.facts, features } } }]);
  }
  await assert.rejects(here.instantiate(metrics), (error: unknown) => {
    assert.ok(isSkerryError(error) && error.code === 'NoPlacement');
    return /it offers no monitor/.test(String(error.details['explanation']));
  });
});
