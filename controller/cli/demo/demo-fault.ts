import { createLocalClient, type LocalClient } from '#agent/local/local-client.ts';
import type { SimulatedVerb } from '#agent/local/local-sources.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { nearestDemoLayout } from './demo-layout.ts';

/** What a terminal can order of a site's simulated infrastructure; taken as it is by the agent's own API, which checks it. */
export interface FaultOptions {
  infra?: string;
  verb?: string;
  effect?: string;
  code?: string;
  unitKind?: string;
  key?: string;
  delay?: number;
  times?: number;
  release?: string | boolean;
  killUnit?: string;
  deleteUnit?: string;
  driftUnit?: string;
}

/** Orders a fault through the agent's local socket: works with the link cut. @returns one sentence on what was ordered */
export async function orderFault(context: CliContext, site: string, options: FaultOptions): Promise<string> {
  const client = createLocalClient(nearestDemoLayout(context).agentSocket(site));
  const infraId = await findInfra(client, site, options.infra);
  const { action, body, said } = orderOf(options);
  await client.simulated(infraId, action, body);
  return `${site}: ${said}`;
}

async function findInfra(client: LocalClient, site: string, wanted: string | undefined): Promise<string> {
  const simulated = (await client.infras()).filter((infra) => infra.kind === 'simulated');
  const found = wanted === undefined ? simulated[0] : simulated.find((one) => [one.name, one.infraId].includes(wanted));
  if (found !== undefined) return found.infraId;
  throw new CliError(
    exitCodes.notFound,
    `${site} has no simulated infrastructure ${wanted ?? ''}`.trimEnd(),
    simulated.length === 0 ? 'it comes with the first intent' : `it has ${simulated.map((one) => one.name).join(', ')}`,
  );
}

export function orderOf(options: FaultOptions): { action: SimulatedVerb; body: object; said: string } {
  const { killUnit, deleteUnit, driftUnit, release } = options;
  if (killUnit !== undefined) return { action: 'kill', body: { key: killUnit }, said: `${killUnit} died` };
  if (deleteUnit !== undefined) return { action: 'delete', body: { key: deleteUnit }, said: `${deleteUnit} is gone` };
  if (driftUnit !== undefined) return { action: 'drift', body: { key: driftUnit }, said: `${driftUnit} was changed` };
  if (release !== undefined && release !== false) {
    const body = typeof release === 'string' ? { faultId: release } : {};
    return { action: 'release', body, said: 'ordered faults are taken back' };
  }
  const { verb = 'ensure', effect = 'fail', code, unitKind, key, delay, times = 1 } = options;
  const body = { verb, effect, times, code, kind: unitKind, keyPattern: key, delayMs: delay };
  return { action: 'fault', body, said: `${times === 0 ? 'all' : `the next ${times}`} ${verb} calls: ${effect}` };
}
