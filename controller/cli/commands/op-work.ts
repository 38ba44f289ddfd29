import type { SkerryApi } from '../api.ts';
import type { OperationView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { exitCodes } from '../exit-codes.ts';
import { followOperation, reportEnd, siteLine } from '../follow-operation.ts';
import { formatAge, type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { findNs } from './ns-find.ts';

export interface SteerOptions {
  wait: boolean;
  timeout?: number;
}

/** By id or the beginning of one; by the name of an NS its newest operation is meant. */
async function findOperation(api: SkerryApi, wanted: string): Promise<OperationView> {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(wanted)) return api.operation(wanted);
  const [operations, instances] = await Promise.all([api.operations(), api.nsInstances()]);
  const named = instances.filter((ns) => ns.nsInstanceName === wanted);
  const newest = operations
    .filter((operation) => named.some((ns) => ns.id === operation.nsInstanceId))
    .sort(newestFirst)
    .at(0);
  return newest === undefined ? resolveOne('operation', operations, wanted, () => []) : api.operation(newest.id);
}

export function listOperations(context: CliContext, options: { ns?: string; output: OutputFormat }): Promise<void> {
  return withSession(context, async (api) => {
    const [operations, instances] = await Promise.all([api.operations(), api.nsInstances()]);
    const only = options.ns === undefined ? undefined : await findNs(api, options.ns);
    const wanted = operations.filter((one) => only === undefined || one.nsInstanceId === only.id).sort(newestFirst);
    await printRows(context, options.output, wanted, [
      { title: 'operation', value: (one) => one.id },
      { title: 'type', value: (one) => one.lcmOperationType },
      { title: 'state', value: (one) => one.operationState + (one.isCancelPending ? ' (cancel pending)' : '') },
      {
        title: 'ns',
        value: (one) => instances.find((ns) => ns.id === one.nsInstanceId)?.nsInstanceName ?? one.nsInstanceId,
      },
      { title: 'started', value: (one) => `${formatAge(context.clock.now() - Date.parse(one.startTime))} ago` },
      { title: 'error', value: (one) => one.error?.detail, isProse: true },
    ]);
  });
}

export function showOperation(context: CliContext, wanted: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const operation = await findOperation(api, wanted);
    await printFacts(context, output, operation, [
      ['operation', operation.id],
      ['type', operation.lcmOperationType],
      ['state', operation.operationState],
      ['ns', operation.nsInstanceId],
      ['started', operation.startTime],
      ['in this state since', operation.stateEnteredTime],
      ['error', operation.error?.detail],
      [
        'sites',
        operation._skerry?.progress?.sites.map((site) => `${site.siteName}  ${siteLine(site, context.clock.now())}`),
      ],
      ['explanation', operation._skerry?.explanation],
    ]);
  });
}

export function watchOperation(
  context: CliContext,
  wanted: string,
  options: { timeout?: number; output: OutputFormat },
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const { id } = await findOperation(api, wanted);
    const end = await followOperation(context, api, id, options.timeout);
    if (options.output !== 'table') await printValue(context, options.output, end);
    return reportEnd(context, end);
  });
}

export function steerOperation(
  context: CliContext,
  wanted: string,
  verb: 'retry' | 'rollback' | 'continue' | 'fail',
  options: SteerOptions,
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const { id } = await findOperation(api, wanted);
    await api.steerOperation(id, verb);
    return afterwards(context, api, id, { verb, ...options });
  });
}

export function cancelOperation(
  context: CliContext,
  wanted: string,
  options: SteerOptions & { forceful: boolean },
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const { id } = await findOperation(api, wanted);
    await api.cancelOperation(id, options.forceful ? 'FORCEFUL' : 'GRACEFUL');
    return afterwards(context, api, id, { verb: 'cancel', ...options });
  });
}

/** What counts as success depends on what was asked: a roll back ends well in ROLLED_BACK. */
const goodEnds: Record<string, string> = {
  retry: 'COMPLETED',
  continue: 'COMPLETED',
  rollback: 'ROLLED_BACK',
  fail: 'FAILED',
  cancel: 'FAILED_TEMP',
};

async function afterwards(
  context: CliContext,
  api: SkerryApi,
  id: string,
  asked: SteerOptions & { verb: string },
): Promise<ExitCode> {
  if (!asked.wait) {
    context.err(`${asked.verb} of ${id} is accepted\n`);
    return exitCodes.ok;
  }
  const end = await followOperation(context, api, id, asked.timeout);
  if (end.operationState !== goodEnds[asked.verb]) return reportEnd(context, end);
  context.err(`${end.lcmOperationType} is ${end.operationState}\n`);
  return exitCodes.ok;
}

function newestFirst(one: OperationView, other: OperationView): number {
  return Date.parse(other.startTime) - Date.parse(one.startTime);
}
