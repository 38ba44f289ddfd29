import { kduPlacement, presentKduKind } from '#controller/decide/index.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { AgentStatus } from '#shared/model/inventory.ts';
import type { KduDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import type { UnitView } from './lcm.ts';
import type { MirrorEntry, StoreMirror } from './store-mirror.ts';

export interface UnitUse {
  mirror: StoreMirror;
  clock: Clock;
  /** Longest silence of a live session in which its agent's last word still counts as fresh. */
  freshMs: number;
  /** Milliseconds since an agent was heard in its live session. */
  silentMs?: ((agentId: AgentId) => number | undefined) | undefined;
}

interface Part {
  agentId: AgentId;
  key: ObjectKey;
  kind: string;
  part: string;
  index: number;
}

/** A VNF's units as they were last reported, those that were never reported included. */
export function unitViews(use: UnitUse, vnf: VnfDesired): UnitView[] {
  const { agentId } = vnf.placement;
  const parts: Part[] = [
    ...vnf.vnfcs.map(({ key, vduId, index }) => ({ agentId, key, kind: 'compute', part: vduId, index })),
    ...vnf.kdus.flatMap((kdu) => kduParts(vnf, kdu)),
    ...vnf.auxiliary.map(({ key, kind, id, index }) => ({ agentId, key, kind, part: id, index })),
  ];
  return parts.map((part) => unitView(use, part));
}

function kduParts(vnf: VnfDesired, kdu: KduDesired): Part[] {
  const frame = { agentId: kduPlacement(vnf, kdu).agentId, part: kdu.kduName, index: 0 };
  const { key, monitorKey } = kdu;
  const workload = { ...frame, key, kind: presentKduKind(kdu) };
  return monitorKey === undefined ? [workload] : [workload, { ...frame, key: monitorKey, kind: 'monitor' }];
}

function unitView(use: UnitUse, { agentId, ...part }: Part): UnitView {
  const entry = use.mirror.get<StateRecord>(keys.state(agentId, part.key));
  const body = entry?.value.body.type === 'unit' ? (entry.value.body as UnitState) : undefined;
  const observed = body?.observed ?? undefined;
  return {
    ...part,
    ...stateOf(body),
    platformId: observed?.platformId ?? '',
    addresses: observed?.facts.addresses ?? {},
    ageMs: entry === undefined ? undefined : Math.max(0, use.clock.now() - entry.value.receivedAt),
    facts: observed?.facts ?? {},
    fresh: entry !== undefined && isFresh(use, agentId, entry),
  };
}

/** What a platform has given up is not what runs: `rolled-back` when something of before does, `failed` otherwise. */
function stateOf(body: UnitState | undefined): Pick<UnitView, 'phase' | 'ready' | 'message'> {
  const observed = body?.observed ?? undefined;
  const { phase, givenUp } = observed ?? {};
  if (givenUp !== undefined && givenUp.revision === body?.revision)
    return { phase: phase === 'ready' ? 'rolled-back' : 'failed', ready: false, message: givenUp.reason };
  return {
    phase: phase ?? (body === undefined ? 'unknown' : 'pending'),
    ready: body?.ready ?? false,
    message: body?.message || observed?.message || '',
  };
}

/**
 * What came in the present session, or was confirmed by it, while its agent was heard at most the bound ago (I10): an agent that
 * is there and says nothing stands by its last word. What came earlier is told by the order of commits, not by a clock: the
 * status is written when a session begins, and when it confirms.
 */
function isFresh({ mirror, freshMs, silentMs }: UnitUse, agentId: AgentId, entry: MirrorEntry<StateRecord>): boolean {
  const status = mirror.get<AgentStatus>(keys.agentStatus(agentId));
  if (status?.value.connected !== true) return false;
  const silence = silentMs === undefined ? 0 : silentMs(agentId);
  if (silence === undefined || silence > freshMs) return false;
  return status.value.stateConfirmedAt !== undefined || entry.revision > status.revision;
}

/** First address of a management port or service; of any port where none is named. */
export function managementAddressOf(vnf: VnfDesired, units: readonly UnitView[]): string | undefined {
  const names = vnf.managementPorts ?? [];
  const ordered = units.filter((unit) => ['compute', 'helm-release', 'manifests'].includes(unit.kind));
  for (const unit of ordered) {
    for (const name of names.length > 0 ? names : Object.keys(unit.addresses)) {
      const [address] = unit.addresses[name] ?? [];
      if (address !== undefined) return address;
    }
  }
  return undefined;
}
