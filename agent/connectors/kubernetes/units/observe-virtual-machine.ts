import type { UnitPhase } from '#shared/connector/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isMembers, isTrueAt, itemsAt, textAt, textsAt } from '../objects/read-member.ts';
import { conditionOf } from '../objects/readiness.ts';
import { portsAnnotation } from './virtual-machine.ts';

export interface ObservedMachine {
  phase: UnitPhase;
  /** For people, when the phase is not ready. */
  message?: string;
  /** Per port name. */
  addresses: Record<string, string[]>;
  node?: string;
}

/** What a virtual machine is now; without its instance (`VirtualMachineInstance`) there are no addresses. */
export function observeVirtualMachine(machine: KubeObject, instance?: KubeObject): ObservedMachine {
  const node = textAt(instance, 'status', 'nodeName');
  return {
    ...stateOf(machine, instance),
    addresses: addressesOf(machine, instance),
    ...(node === undefined ? {} : { node }),
  };
}

/** What does not start for want of a node, an image or a volume may still: a deadline of ours decides, as it does for pods. */
function stateOf(machine: KubeObject, instance: KubeObject | undefined): Pick<ObservedMachine, 'phase' | 'message'> {
  if (textAt(machine, 'metadata', 'deletionTimestamp') !== undefined)
    return { phase: 'removing', message: 'it is being deleted' };
  const status = textAt(machine, 'status', 'printableStatus');
  const reason = reasonOf(machine, instance);
  if (status === 'Paused') return { phase: 'failed', message: `paused${reason}` };
  if (status === 'CrashLoopBackOff') return { phase: 'failed', message: `it ends over and over${reason}` };
  const isKeptRunning = textAt(machine, 'spec', 'runStrategy') === 'Always';
  if (status === 'Stopped' && !isKeptRunning) return { phase: 'failed', message: 'somebody has stopped it' };
  const isReady = isTrueAt(machine, 'status', 'ready') || conditionOf(machine, 'Ready')?.status === 'True';
  if (isReady && (status === undefined || status === 'Running' || status === 'Migrating')) return { phase: 'ready' };
  return { phase: 'pending', message: `${wordsOf(status)}${reason}` };
}

/** `ErrorUnschedulable` → `error unschedulable`. */
function wordsOf(status: string | undefined): string {
  if (status === undefined) return 'not looked at yet';
  return status === 'Running' ? 'running, not ready' : status.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}

function reasonOf(machine: KubeObject, instance: KubeObject | undefined): string {
  const failure = conditionOf(machine, 'Failure');
  const conditions = [
    failure?.status === 'True' ? failure : undefined,
    ...[instance, machine].map((object) => (object === undefined ? undefined : conditionOf(object, 'Ready'))),
  ];
  const message = conditions.find((condition) => condition?.message !== undefined)?.message;
  return message === undefined ? '' : `: ${message.slice(0, 400)}`;
}

function addressesOf(machine: KubeObject, instance: KubeObject | undefined): Record<string, string[]> {
  const portNames = portNamesOf(machine);
  const addresses = itemsAt(instance, 'status', 'interfaces').flatMap((each) => {
    const name = textAt(each, 'name');
    if (name === undefined) return [];
    const single = textAt(each, 'ipAddress');
    const all = [...(single === undefined ? [] : [single]), ...textsAt(each, 'ipAddresses')];
    return [[textAt(portNames, name) ?? name, [...new Set(all)]] as [string, string[]]];
  });
  return Object.fromEntries(addresses);
}

function portNamesOf(machine: KubeObject): Record<string, unknown> {
  const text = textAt(machine, 'metadata', 'annotations', portsAnnotation);
  if (text === undefined || text.length > 65_536) return {};
  try {
    const names: unknown = JSON.parse(text);
    return isMembers(names) ? names : {};
  } catch {
    return {};
  }
}
