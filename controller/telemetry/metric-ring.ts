/** One measurement: when the controller got it, and its value. */
export interface Sample {
  at: number;
  value: number;
}

export interface MetricLimits {
  agents: number;
  metricsPerAgent: number;
  samplesPerMetric: number;
}

/** The newest measurements of every agent in memory, bounded on all sides; nothing of it is durable. */
export class MetricRing {
  #limits: MetricLimits;
  #agents = new Map<string, Map<string, Sample[]>>();

  constructor(limits: MetricLimits) {
    this.#limits = limits;
  }

  /** False when the agent has as many metrics as it may have. */
  add(agentId: string, metric: string, sample: Sample): boolean {
    const metrics = this.#agents.get(agentId) ?? new Map<string, Sample[]>();
    // Put back at the end: the agent that was silent longest is the one that goes.
    this.#agents.delete(agentId);
    this.#agents.set(agentId, metrics);
    const oldest = this.#agents.keys().next().value;
    if (this.#agents.size > this.#limits.agents && oldest !== undefined) this.#agents.delete(oldest);
    const samples = metrics.get(metric) ?? [];
    if (samples.length === 0 && metrics.size >= this.#limits.metricsPerAgent) return false;
    metrics.set(metric, samples);
    samples.push(sample);
    if (samples.length > this.#limits.samplesPerMetric) samples.shift();
    return true;
  }

  latest(agentId: string): Record<string, Sample> {
    const newest: Record<string, Sample> = {};
    for (const [metric, samples] of this.#agents.get(agentId) ?? []) newest[metric] = samples.at(-1)!;
    return newest;
  }

  /** Oldest first. */
  samples(agentId: string, metric: string): readonly Sample[] {
    return [...(this.#agents.get(agentId)?.get(metric) ?? [])];
  }
}
