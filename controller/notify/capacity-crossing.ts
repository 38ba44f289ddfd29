import type { CapacityMeasurement } from '#shared/api/capacity-measurements.ts';

/** CapacityThresholdCriteria (ETSI GS NFV-SOL 005 clause 10.5.3.3). */
export interface CapacityCriteria {
  capacityMetric: {
    resourceType: string;
    capacityMeasurementName: string;
    capacityType: 'TOTAL' | 'ALLOCATED' | 'RESERVED' | 'AVAILABLE';
  };
  simpleThresholdDetails?: { thresholdValue: number; hysteresis: number }[];
}

/** On which side of a threshold the value was last; BETWEEN: inside the hysteresis ever since it was made. */
export type ThresholdSide = 'UP' | 'DOWN' | 'BETWEEN';

const members = {
  TOTAL: 'totalCapacity',
  ALLOCATED: 'allocatedCapacity',
  RESERVED: 'reservedCapacity',
  AVAILABLE: 'availableCapacity',
} as const;

/** The measurement that the criteria speak of and its value; undefined when nothing like it is measured. */
export function measuredValue(
  { capacityMetric: metric }: CapacityCriteria,
  measurements: readonly CapacityMeasurement[],
): { measurement: CapacityMeasurement; value: number } | undefined {
  const measurement = measurements.find(
    (one) => one.resourceType === metric.resourceType && one.capacityMeasurementName === metric.capacityMeasurementName,
  );
  return measurement && { measurement, value: measurement[members[metric.capacityType]].value };
}

/** Reaching value + hysteresis is UP, reaching value - hysteresis is DOWN; between them the side stays. */
export function sideOf(
  value: number,
  { thresholdValue, hysteresis }: { thresholdValue: number; hysteresis: number },
  before: ThresholdSide | undefined,
): ThresholdSide {
  const isUp = value >= thresholdValue + hysteresis;
  const isDown = value <= thresholdValue - hysteresis;
  if (isUp === isDown) return before ?? (isUp ? 'UP' : 'BETWEEN');
  return isUp ? 'UP' : 'DOWN';
}
