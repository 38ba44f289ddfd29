import type { MonitorSpec } from '#shared/connector/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

export const monitoringGroup = 'monitoring.coreos.com';

/** Which kind of the Prometheus operator a monitor needs. */
export function monitorKind(spec: Pick<MonitorSpec, 'target'>): 'ServiceMonitor' | 'PodMonitor' {
  return spec.target === 'pod' ? 'PodMonitor' : 'ServiceMonitor';
}

/** What has the Prometheus operator scrape a workload; it looks in the monitor's own namespace. */
export function monitorObject(spec: MonitorSpec): KubeObject {
  const { name, namespace, selector, port, path, intervalS } = spec;
  const endpoint: JsonObject = {
    port,
    ...(path === undefined ? {} : { path }),
    ...(intervalS === undefined ? {} : { interval: `${Math.max(1, Math.round(intervalS))}s` }),
  };
  const kind = monitorKind(spec);
  return {
    apiVersion: `${monitoringGroup}/v1`,
    kind,
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { ...selector } },
      namespaceSelector: { matchNames: [namespace] },
      [kind === 'PodMonitor' ? 'podMetricsEndpoints' : 'endpoints']: [endpoint],
    },
  };
}
