export { createTelemetryPublisher, type TelemetryPublisherDependencies } from './create-telemetry-publisher.ts';
