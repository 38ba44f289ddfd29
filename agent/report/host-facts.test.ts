import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createHostFacts, loadBetween, parseMemInfo, parseProcStat } from './host-facts.ts';
import { isWorthReporting } from './state-threshold.ts';

test('reads /proc as it is written', () => {
  assert.deepEqual(parseProcStat('cpu  10 1 5 100 4 1 2 3 0 0\ncpu0 1 1 1 1\n'), { busy: 22, idle: 104 });
  assert.equal(parseProcStat('nothing'), undefined);
  assert.equal(parseMemInfo('MemTotal: 2048 kB\nMemAvailable:    1048576 kB\n'), 1024);
  assert.equal(loadBetween({ busy: 10, idle: 10 }, { busy: 40, idle: 20 }), 75);
  assert.equal(loadBetween({ busy: 10, idle: 10 }, { busy: 10, idle: 10 }), 0);
});

test('a change of load waits five minutes, what is applied does not', async () => {
  const host = await createHostFacts(tmpdir())();
  assert.ok(host.cpuCount > 0 && host.memoryTotalMib > host.memoryFreeMib && host.diskTotalGib > 0);
  const at = (loadPercent: number, appliedGeneration = 1) => ({
    type: 'agent' as const,
    appliedGeneration,
    host: { ...host, loadPercent },
    deletionsHeld: 0,
    outboxRecords: 0,
  });
  assert.equal(isWorthReporting(at(10), at(19), 60_000), false);
  assert.equal(isWorthReporting(at(10), at(90), 60_000), false);
  assert.equal(isWorthReporting(at(10), at(19), 300_000), true);
  assert.equal(isWorthReporting(at(10), at(10, 2), 0), true);
  assert.equal(isWorthReporting(at(10), at(10), 900_000), false);
});
