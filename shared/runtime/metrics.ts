import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A family of series; `labels` picks one. Label values come from small closed sets, never from ids of things. */
export interface CounterMetric {
  add(labels?: Record<string, string>, by?: number): void;
}
export interface GaugeMetric {
  set(value: number, labels?: Record<string, string>): void;
}
export interface HistogramMetric {
  observe(value: number, labels?: Record<string, string>): void;
}

/** What a component counts with. Names follow Prometheus: `skerry_<what>_<unit>[_total]`. Asking twice gives the same one. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): CounterMetric;
  gauge(name: string, help: string, labelNames?: readonly string[]): GaugeMetric;
  /** `buckets` in the metric's unit. */
  histogram(
    name: string,
    help: string,
    options: { labelNames?: readonly string[]; buckets: number[] },
  ): HistogramMetric;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  function once<T>(name: string, make: () => T): T {
    return (registry.getSingleMetric(name) as T | undefined) ?? make();
  }
  return {
    counter(name, help, labelNames = []) {
      const counter = once(name, () => new Counter({ name, help, labelNames, registers: [registry] }));
      return { add: (labels = {}, by = 1) => counter.inc(labels, by) };
    },
    gauge(name, help, labelNames = []) {
      const gauge = once(name, () => new Gauge({ name, help, labelNames, registers: [registry] }));
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    histogram(name, help, { labelNames = [], buckets }) {
      const histogram = once(name, () => new Histogram({ name, help, labelNames, buckets, registers: [registry] }));
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
    text: () => registry.metrics(),
  };
}
