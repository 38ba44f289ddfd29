export { type Clock, delay, systemClock } from './clock.ts';
export type { Component } from './component.ts';
export { type Logger, silentLogger } from './logger.ts';
export { type Random, systemRandom } from './random.ts';
