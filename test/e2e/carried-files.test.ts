import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { delay, systemClock } from '#shared/runtime/index.ts';
import { Rig } from './rig.ts';
import { onSite } from './service.ts';

test('the chart of a package is at the site before it is asked for, and again after the agent died in the middle', async (t) => {
  const rig = await Rig.start(t, { sites: ['hut'] });
  const site = rig.site('hut');
  const folder = path.join(site.home, 'artefacts');
  const here = () => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  // No event of the controller tells of it.
  const arrived = async () => {
    for (let left = 200; !here().some((name) => /^[0-9a-f]{64}$/.test(name)); left--) {
      assert.ok(left > 0, 'the chart does not come');
      await delay(systemClock, 50);
    }
  };

  await rig.newNs('web_ns', 'web', onSite('hut'));
  await arrived();
  const [name = ''] = here();
  const bytes = readFileSync(path.join(folder, name));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), name);
  const stored = path.join(rig.controllerHome, 'charts', `${name}.tgz`);
  assert.deepEqual(readFileSync(stored), bytes);

  await site.agent.kill();
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.part`), bytes.subarray(0, 100));
  await site.start();
  await rig.connected('hut');
  await arrived();
  assert.deepEqual(here(), [name]);
  assert.deepEqual(readFileSync(path.join(folder, name)), bytes);
});
