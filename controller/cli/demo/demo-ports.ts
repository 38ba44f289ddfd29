import { createServer } from 'node:net';
import { defaultPorts } from '#shared/runtime/paths.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { DemoPorts } from './demo-record.ts';

const host = '127.0.0.1';

/**
 * The northbound port is the one asked for; the others lie just below it as in a default install, or are those of the last
 * start, or any that is free: nobody but the demo's own processes needs to know them.
 */
export async function choosePorts(wanted: string | undefined, last: DemoPorts | undefined): Promise<DemoPorts> {
  const northbound = await northboundPort(wanted, last);
  const offset = northbound - defaultPorts.northbound;
  const taken = new Set([northbound]);
  const inner = async (name: 'sync' | 'enroll' | 'mqtt') => {
    for (const candidate of [last?.[name], defaultPorts[name] + offset]) {
      if (candidate === undefined || candidate < 1024 || taken.has(candidate)) continue;
      if (!(await isPortFree(candidate))) continue;
      taken.add(candidate);
      return candidate;
    }
    const free = await freePort();
    taken.add(free);
    return free;
  };
  return { northbound, sync: await inner('sync'), enroll: await inner('enroll'), mqtt: await inner('mqtt') };
}

async function northboundPort(wanted: string | undefined, last: DemoPorts | undefined): Promise<number> {
  const port = wanted ? Number(wanted) : (last?.northbound ?? defaultPorts.northbound);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CliError(exitCodes.usage, `SKERRY_PORT=${wanted} is no port`, 'give a number from 0 (any) to 65535');
  }
  if (port === 0) return freePort();
  if (await isPortFree(port)) return port;
  throw new CliError(
    exitCodes.conflict,
    `port ${port} on ${host} is in use`,
    'set SKERRY_PORT to a free one, for example `SKERRY_PORT=10999 npm start`; a second demo also needs its own SKERRY_HOME',
  );
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
