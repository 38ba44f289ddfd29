// Runs the tests that need no extra software: `npm test [-- PATTERN…]`. Node's own runner, types stripped by Node 24.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

const wanted = process.argv.slice(2);
const files = globSync(['{shared,controller,agent,proto,deploy}/**/*.test.ts', 'test/**/*.test.ts'], {
  exclude: (path) =>
    path.includes('node_modules') || path.startsWith('test/bench') || path.startsWith('test/kubernetes'),
})
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}
const child = spawn(process.execPath, ['--test', '--test-concurrency=2', '--test-timeout=280000', ...files], {
  stdio: 'inherit',
  env: { ...process.env, SKERRY_TEST: '1' },
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
