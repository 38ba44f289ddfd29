import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { createPinoLogger } from './pino-logger.ts';

test('writes JSON with time, level, name and fields, and removes secrets', () => {
  const lines: string[] = [];
  const log = createPinoLogger({ name: 'controller', format: 'json', write: (line) => lines.push(line) });
  log.debug({}, 'Not shown.');
  log
    .child({ site: 'a' })
    .warn({ token: 'hidden', user: { password: 'hidden' }, error: new Error('broken') }, 'Trouble.');
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0]!);
  assert.deepEqual([line.level, line.name, line.site, line.msg], ['warn', 'controller', 'a', 'Trouble.']);
  assert.equal(line.error.message, 'broken');
  assert.ok(!lines[0]!.includes('hidden'));
});

test('writes one readable line with the stack below it', () => {
  const lines: string[] = [];
  const log = createPinoLogger({
    name: 'agent',
    format: 'readable',
    level: 'debug',
    write: (line) => lines.push(line),
  });
  log.info({ unit: 'compute/1', text: 'two words' }, 'Unit is ready.');
  log.error({ error: new Error('broken') }, 'Trouble.');
  assert.match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}agent Unit is ready\. unit=compute\/1 text="two words"\n$/);
  assert.match(lines[1]!, /error="broken"\n {2}Error: broken\n/);
});

test('counts, sets and observes, and prints Prometheus text', async () => {
  const metrics = createMetrics();
  metrics.counter('skerry_runs_total', 'Runs.', ['outcome']).add({ outcome: 'settled' });
  metrics.counter('skerry_runs_total', 'Runs.', ['outcome']).add({ outcome: 'settled' }, 2);
  metrics.gauge('skerry_sessions', 'Sessions.').set(4);
  metrics.histogram('skerry_commit_seconds', 'Commits.', { buckets: [0.01, 0.1] }).observe(0.05);
  const text = await metrics.text();
  assert.match(text, /skerry_runs_total\{outcome="settled"\} 3/);
  assert.match(text, /skerry_sessions 4/);
  assert.match(text, /skerry_commit_seconds_bucket\{le="0\.1"\} 1/);
});
