import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import { type LogLevel, readLogLevel } from '#shared/runtime/log-level.ts';
import type { KubernetesPrograms } from './connectors/kubernetes/index.ts';

/** Everything that the agent can be told from outside; the only reader of its environment. */
export interface AgentConfig {
  /** State folder: store, key and certificate, simulated worlds, local socket. */
  home: string;
  /** Needed at the first start only. */
  joinToken: string | undefined;
  /** host:port that overrides what enrolment said (a relay, a NAT). */
  syncAddress: string | undefined;
  enrollAddress: string | undefined;
  mqttAddress: string | undefined;
  socketPath: string;
  /** Between two MQTT metrics messages. */
  telemetryIntervalMs: number;
  logLevel: LogLevel;
  /** Programs and permissions of this node for Kubernetes clusters. */
  kubernetes: KubernetesPrograms;
}

export function readAgentConfig(environment: Record<string, string | undefined> = process.env): AgentConfig {
  const home = path.resolve(environment['SKERRY_HOME'] ?? '/var/lib/skerry');
  const tokenFile = environment['SKERRY_JOIN_TOKEN_FILE'];
  const tokenText =
    environment['SKERRY_JOIN_TOKEN'] ??
    (tokenFile !== undefined && existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8') : undefined);
  return {
    home,
    joinToken: tokenText?.trim(),
    syncAddress: environment['SKERRY_SYNC_ADDRESS'],
    enrollAddress: environment['SKERRY_ENROLL_ADDRESS'],
    mqttAddress: environment['SKERRY_MQTT_ADDRESS'],
    socketPath: environment['SKERRY_AGENT_SOCKET'] ?? path.join(home, 'agent.sock'),
    telemetryIntervalMs: readInterval(environment['SKERRY_TELEMETRY_INTERVAL_MS'] ?? '300000'),
    logLevel: readLogLevel(environment['SKERRY_LOG_LEVEL']),
    kubernetes: readKubernetes(environment),
  };
}

function readKubernetes(environment: Record<string, string | undefined>): AgentConfig['kubernetes'] {
  const serviceHost = environment['KUBERNETES_SERVICE_HOST'];
  const servicePort = environment['KUBERNETES_SERVICE_PORT'];
  return {
    helm: environment['SKERRY_HELM'] ?? 'helm',
    kustomize: environment['SKERRY_KUBECTL'] ?? 'kubectl',
    path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    allowsExec: environment['SKERRY_KUBERNETES_EXEC'] === 'allow',
    ...(serviceHost === undefined ? {} : { serviceHost }),
    ...(servicePort === undefined ? {} : { servicePort }),
  };
}

function readInterval(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 100) return value;
  throw new SkerryError('BadRequest', `SKERRY_TELEMETRY_INTERVAL_MS=${text} is no interval`, {
    remedy: 'give whole milliseconds, 100 or more',
  });
}
