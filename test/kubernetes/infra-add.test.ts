import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { packKubeconfig } from '#controller/cli/kubeconfig/pack-kubeconfig.ts';
import { writeLogin } from '#controller/cli/login-file.ts';
import { runCli } from '#controller/cli/main.ts';
import { testContext } from '#controller/cli/testing/test-context.ts';
import { Rig } from '../e2e/rig.ts';
import { filesWith, formsOf } from '../e2e/secret-search.ts';
import { skipWithout } from './test-cluster.ts';

const variable = 'SKERRY_TEST_KUBECONFIG';
const kubeconfig = process.env[variable] ?? '';
const folder = mkdtempSync(path.join(tmpdir(), 'skerry-infra-add-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What of a kubeconfig's user must be found nowhere. */
async function secretsOf(file: string): Promise<string[]> {
  const { text } = await packKubeconfig(testContext(folder), file);
  const { users } = JSON.parse(text) as { users: { user: Record<string, string | undefined> }[] };
  const { token, password, 'client-key-data': key } = users[0]?.user ?? {};
  // The key as it is in its file: the first line of its text.
  const keyLine = key && Buffer.from(key, 'base64').toString('utf8').split('\n')[1];
  return [token, password, key, keyLine].filter((secret) => secret !== undefined && secret !== '') as string[];
}

test('a cluster is entered by one command, checked at once, and its credentials lie nowhere', {
  skip: skipWithout(variable),
}, async (t) => {
  const rig = await Rig.start(t, { sites: ['site-a'] });
  const [agent] = await rig.api.agents();
  const login = { url: rig.url, caPem: rig.caPem, username: 'admin', token: String(rig.api.http.token) };
  await writeLogin(path.join(folder, 'login.json'), { ...login, expiresAt: Date.now() + 3_600_000 });
  const run = async (...args: string[]) => {
    const context = testContext(folder, { SKERRY_HOME: folder });
    return Object.assign(context, { code: await runCli(args, context) });
  };
  const added = await run('infra', 'add', 'kubernetes', 'k', '--agent', agent!.name, '--kubeconfig', kubeconfig);
  assert.equal(added.code, 0, added.errText);
  assert.match(added.outText, /healthy\s+true/);
  assert.match(added.outText, /nodes ready\s+[1-9]\d* of [1-9]/);
  const wrong = await run('infra', 'set', 'k', '--kubeconfig-on-node', '/nowhere/kubeconfig');
  assert.equal(wrong.code, 1);
  assert.match(wrong.errText, /k cannot be used: .*\/nowhere\/kubeconfig/);
  const mended = await run('infra', 'set', 'k', '--kubeconfig', kubeconfig);
  assert.equal(mended.code, 0, mended.errText);
  const secrets = await secretsOf(kubeconfig);
  assert.notEqual(secrets.length, 0, 'the kubeconfig holds something to look for');
  const answers = JSON.stringify([await rig.api.infras(), added.outText, added.errText, mended.errText]);
  await rig.site('site-a').stop();
  await rig.controller.stop();
  for (const secret of secrets) {
    assert.deepEqual(filesWith(rig.folder, formsOf(secret)), []);
    assert.ok(!formsOf(secret).some((form) => answers.includes(form)));
  }
});
