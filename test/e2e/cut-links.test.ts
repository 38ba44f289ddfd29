import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Rig } from './rig.ts';

test('x', async (t) => {
  const rig = await Rig.start(t, { sites: ['site-a', 'site-b'] });
  const id = await rig.newNs('single_vm_ns', 'one', { placement: { router: { site: 'site-a' } } });
  const ns = await rig.ns(id);
  console.log(JSON.stringify(ns, null, 1));
  console.log(rig.site('site-a').effects().kinds());
  await rig.completed(await rig.api.terminateNs(id, {}));
  console.log(rig.site('site-a').effects().kinds());
  console.log(JSON.stringify(await rig.api.agents()), JSON.stringify(await rig.api.infras()));
});
