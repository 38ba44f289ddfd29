export { type Clock, delay, systemClock } from './clock.ts';
export type { Component } from './component.ts';
export { Lifecycle } from './lifecycle.ts';
export { type Logger, silentLogger } from './logger.ts';
export type { CounterMetric, GaugeMetric, HistogramMetric, Metrics } from './metrics.ts';
export { type Random, systemRandom } from './random.ts';
export { SeededRandom } from './seeded-random.ts';
export { Turnstile } from './turnstile.ts';
export { VirtualClock } from './virtual-clock.ts';
