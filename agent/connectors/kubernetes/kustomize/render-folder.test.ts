import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { create } from 'tar';
import { renderFolder } from './render-folder.ts';

/** Prints a ConfigMap that tells what it was given. */
const script = `#!/bin/sh
echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: built}, data: {verb: '$1', path: '$PATH', proxy: '$HTTPS_PROXY'}}"
`;

test('a kustomization is built by a program of the node’s PATH, which itself finds no other and no network', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-kustomize-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const [programs, folder] = [path.join(home, 'bin'), path.join(home, 'folder')];
  await Promise.all([mkdir(programs), mkdir(folder)]);
  await writeFile(path.join(programs, 'kubectl'), script, { mode: 0o755 });
  await writeFile(path.join(folder, 'kustomization.yaml'), 'resources: []\n');
  const archive = path.join(home, 'folder.tgz');
  await create({ gzip: true, file: archive, cwd: home }, ['folder']);
  const use = { program: 'kubectl', path: `${path.join(home, 'nothing')}:${programs}` };
  const [object] = await renderFolder(use, archive, AbortSignal.timeout(10_000));
  assert.deepEqual(object?.['data'], { verb: 'kustomize', path: '', proxy: 'http://127.0.0.1:1' });
  await assert.rejects(
    renderFolder({ ...use, program: 'kustomize' }, archive, AbortSignal.timeout(10_000)),
    /kustomize cannot be run on this node/,
  );
});
