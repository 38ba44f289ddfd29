import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import { type LogLevel, readLogLevel } from '#shared/runtime/log-level.ts';
import { isLoopback } from '#shared/runtime/loopback.ts';
import { defaultPorts } from '#shared/runtime/paths.ts';

/** Everything that the controller can be told from outside; the only reader of its environment. */
export interface ControllerConfig {
  /** State folder: store, CA, artefacts. */
  home: string;
  host: string;
  northboundPort: number;
  syncPort: number;
  enrollPort: number;
  mqttPort: number;
  /** Names under which agents reach this controller; default host:port. */
  advertiseSync: string | undefined;
  advertiseMqtt: string | undefined;
  advertiseEnroll: string | undefined;
  /** Names and addresses in the server certificates, besides loopback. */
  serverNames: string[];
  isPlainHttp: boolean;
  /** Password of the first user; made up and printed once when absent. */
  adminPassword: string | undefined;
  logLevel: LogLevel;
  /** The program that fetches charts, and what of the environment it is given. */
  helm: { program: string; environment: Record<string, string> };
}

type Environment = Record<string, string | undefined>;

export function readControllerConfig(environment: Environment = process.env): ControllerConfig {
  const host = environment['SKERRY_HOST'] ?? '127.0.0.1';
  const isPlainHttp = environment['SKERRY_PLAIN_HTTP'] === '1';
  if (isPlainHttp && !isLoopback(host)) {
    throw new SkerryError('BadRequest', `SKERRY_PLAIN_HTTP=1 is refused on ${host}`, {
      remedy: 'plain HTTP is for loopback only: set SKERRY_HOST=127.0.0.1 or leave TLS on',
    });
  }
  const passwordFile = environment['SKERRY_ADMIN_PASSWORD_FILE'];
  return {
    home: path.resolve(environment['SKERRY_HOME'] ?? '/var/lib/skerry'),
    host,
    northboundPort: port(environment, 'SKERRY_PORT', defaultPorts.northbound),
    syncPort: port(environment, 'SKERRY_SYNC_PORT', defaultPorts.sync),
    enrollPort: port(environment, 'SKERRY_ENROLL_PORT', defaultPorts.enroll),
    mqttPort: port(environment, 'SKERRY_MQTT_PORT', defaultPorts.mqtt),
    advertiseSync: environment['SKERRY_ADVERTISE_SYNC'],
    advertiseMqtt: environment['SKERRY_ADVERTISE_MQTT'],
    advertiseEnroll: environment['SKERRY_ADVERTISE_ENROLL'],
    serverNames: (environment['SKERRY_SERVER_NAMES'] ?? '').split(',').filter((name) => name !== ''),
    isPlainHttp,
    adminPassword: passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').trim(),
    logLevel: readLogLevel(environment['SKERRY_LOG_LEVEL']),
    helm: { program: environment['SKERRY_HELM'] || 'helm', environment: helmEnvironment(environment) },
  };
}

/** How to reach the world outside; nothing that could be a secret of this process. */
const helmNames = ['PATH', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

function helmEnvironment(environment: Environment): Record<string, string> {
  const names = [...helmNames, 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

function port(environment: Environment, name: string, fallback: number): number {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new SkerryError('BadRequest', `${name}=${text} is no port`, {
      remedy: `give ${name} a number from 0 to 65535`,
    });
  }
  return value;
}
