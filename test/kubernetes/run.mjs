/**
 * Runs the tests against real Kubernetes clusters: `npm run test:kubernetes [-- PATTERN…]`. One file after the other, because
 * they share the clusters. They make namespaces of their own (`skerry-test-…`) and remove them again.
 *
 * - SKERRY_TEST_KUBECONFIG     file for the first cluster, with an administrator's rights; without it every test is skipped
 * - SKERRY_TEST_KUBECONFIG_2   file for a second cluster
 * - SKERRY_TEST_REGISTRY       OCI registry for charts and images (`127.0.0.1:5000`, plain HTTP)
 * - SKERRY_TEST_NODE_SELECTOR  `label=value` of nodes whose pods really run
 * - SKERRY_TEST_IMAGE_LOADER   command that puts the image of a tar (added as its last word) onto those nodes, which are on this machine
 * - SKERRY_TEST_KUBECTL, SKERRY_TEST_HELM  programs; default: those on PATH
 *
 * All parameters, those of the end-to-end tests included, are told at the head of test/kubernetes/cluster.ts.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

const wanted = process.argv.slice(2);
const files = globSync('test/kubernetes/**/*.test.ts')
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}
if (!process.env['SKERRY_TEST_KUBECONFIG'])
  console.error('SKERRY_TEST_KUBECONFIG names no kubeconfig: the tests that need a cluster are skipped');
const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-timeout=600000', ...files], {
  stdio: 'inherit',
  env: { ...process.env, SKERRY_TEST: '1' },
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
