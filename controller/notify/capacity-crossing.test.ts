import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { capacityMeasurements } from '#shared/api/capacity-measurements.ts';
import { measuredValue, sideOf, type ThresholdSide } from './capacity-crossing.ts';

const detail = { thresholdValue: 10, hysteresis: 2 };

test('a side changes only when the value leaves the hysteresis on the other end', () => {
  const values = [11, 12, 9, 8, 11, 12];
  const sides: ThresholdSide[] = [];
  for (const value of values) sides.push(sideOf(value, detail, sides.at(-1)));
  assert.deepEqual(sides, ['BETWEEN', 'UP', 'UP', 'DOWN', 'DOWN', 'UP']);
});

test('values that stay inside the hysteresis never move a side', () => {
  const inside = fc.double({ min: 8.001, max: 11.999, noNaN: true });
  fc.assert(
    fc.property(fc.array(inside), fc.constantFrom<ThresholdSide>('UP', 'DOWN', 'BETWEEN'), (values, start) => {
      assert.equal(
        values.reduce((side, value) => sideOf(value, detail, side), start),
        start,
      );
    }),
  );
});

test('without hysteresis the exact value keeps the side', () => {
  const sharp = { thresholdValue: 10, hysteresis: 0 };
  assert.deepEqual(
    [sideOf(10, sharp, 'DOWN'), sideOf(10, sharp, 'UP'), sideOf(10, sharp, undefined)],
    ['DOWN', 'UP', 'UP'],
  );
});

test('the metric picks measurement and kind of capacity', () => {
  const total = { vcpus: 8, memoryMib: 100, storageGib: 10 };
  const measured = capacityMeasurements({ total, used: { ...total, vcpus: 3 } }, { ...total, vcpus: 5 });
  const metric = { resourceType: 'VR_COMPUTE', capacityMeasurementName: 'VcpuCapacity' };
  const value = (capacityType: 'TOTAL' | 'ALLOCATED' | 'RESERVED' | 'AVAILABLE') =>
    measuredValue({ capacityMetric: { ...metric, capacityType } }, measured)?.value;
  assert.deepEqual([value('TOTAL'), value('ALLOCATED'), value('RESERVED'), value('AVAILABLE')], [8, 3, 2, 3]);
  const unknown = { ...metric, capacityMeasurementName: 'x', capacityType: 'TOTAL' } as const;
  assert.equal(measuredValue({ capacityMetric: unknown }, measured), undefined);
});
