export {
  createTelemetryBroker,
  type TelemetryBroker,
  type TelemetryBrokerDependencies,
  type TelemetryLimits,
} from './create-telemetry-broker.ts';
export type { Sample } from './metric-ring.ts';
