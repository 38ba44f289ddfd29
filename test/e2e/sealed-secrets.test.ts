import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Rig } from './rig.ts';
import { filesWith, formsOf } from './secret-search.ts';

test('credentials of an infra lie nowhere in clear: not at the controller, not at the site, not in an answer', async (t) => {
  const rig = await Rig.start(t, { sites: ['site-a'] });
  const { agentId } = rig.site('site-a');
  const secrets = [0, 1, 2].map(() => randomBytes(24).toString('hex')) as [string, string, string];
  const open = `open-${randomBytes(8).toString('hex')}`;
  const answers: string[] = [];
  const said = <T>(answer: T): T => {
    answers.push(JSON.stringify(answer));
    return answer;
  };
  const settings = { kubeconfig: `users: [{token: ${secrets[0]}}]`, context: open, auth: [{ password: secrets[1] }] };
  const { id } = said(await rig.api.createInfra({ name: 'sealed', agentId, kind: 'simulated', settings }));
  const isTold = async () => {
    const infra = said(await rig.api.infra(id));
    return (infra.status?.revision ?? 0) >= (infra.revision ?? 1) ? infra : undefined;
  };
  // The agent could open what was sealed to it: otherwise it would say so instead of facts.
  const told = await rig.until('the agent opens the infra', isTold);
  assert.equal(told.status?.facts?.healthy, true, told.status?.message);
  said(await rig.api.updateInfra(id, { settings: { kubeconfig: secrets[2] } }));
  assert.equal((await rig.until('the agent opens it anew', isTold)).status?.facts?.healthy, true);
  said(await rig.api.infras());
  said(await rig.api.agents());

  await rig.site('site-a').stop();
  await rig.controller.stop();
  for (const folder of [rig.controllerHome, rig.site('site-a').home])
    assert.notDeepEqual(filesWith(folder, [open]), [], `what is no secret is found in ${folder}`);
  for (const secret of secrets) {
    const forms = formsOf(secret);
    assert.deepEqual(filesWith(rig.folder, forms), []);
    assert.ok(!answers.some((answer) => forms.some((form) => answer.includes(form))), 'an answer holds a secret');
  }
  assert.ok(answers.some((answer) => answer.includes('(hidden)')));
});
