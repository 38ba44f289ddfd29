import { unreachableSentence } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { NsInstanceId, NsLcmOpOccId, VnfInstanceId } from '#shared/model/ids.ts';
import type { AgentStatus, Infra, Site } from '#shared/model/inventory.ts';
import type { NsInstance, NsLcmOpOcc, VnfDesired, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import { keys } from '../keys.ts';
import type { LcmQueries, NsView, OperationView, VnfView } from './lcm.ts';
import { operationProgress } from './operation-progress.ts';
import type { MirrorEntry, StoreMirror } from './store-mirror.ts';
import { managementAddressOf, type UnitUse, unitViews } from './unit-views.ts';

/** Answers from memory; every query first waits until the mirror knows all that is committed. */
export function createLcmQueries(use: UnitUse): LcmQueries {
  const { mirror, clock } = use;
  const found = <T>(entry: MirrorEntry<T> | undefined, what: string): MirrorEntry<T> => {
    if (entry === undefined) throw new SkerryError('NotFound', `${what} does not exist`);
    return entry;
  };
  // Freshness passes with time, so a view holds for its millisecond: under load many requests come in one.
  let recent = { revision: -1, at: -1, views: new Map<string, NsView>() };
  const operationView = (entry: MirrorEntry<NsLcmOpOcc>) => viewOperation(mirror, clock, entry);
  return {
    async ns(id: NsInstanceId) {
      await mirror.caughtUp();
      const now = clock.now();
      if (recent.revision !== mirror.revision || recent.at !== now)
        recent = { ...{ revision: mirror.revision, at: now }, views: new Map() };
      const known = recent.views.get(id);
      if (known !== undefined) return known;
      const view = viewNs(use, found(mirror.get<NsInstance>(keys.ns(id)), `NS instance ${id}`));
      recent.views.set(id, view);
      return view;
    },
    async listNs(projectId) {
      await mirror.caughtUp();
      return ofProject(mirror.list<NsInstance>('ns'), projectId).map((entry) => viewNs(use, entry));
    },
    async operation(id: NsLcmOpOccId) {
      await mirror.caughtUp();
      return operationView(found(mirror.get<NsLcmOpOcc>(keys.operation(id)), `Operation occurrence ${id}`));
    },
    async listOperations(projectId) {
      await mirror.caughtUp();
      const entries = ofProject(mirror.list<NsLcmOpOcc>('op'), projectId);
      return entries.sort((left, right) => left.value.startedAt - right.value.startedAt).map(operationView);
    },
    async vnf(id: VnfInstanceId) {
      await mirror.caughtUp();
      const entry = found(mirror.get<VnfInstance>(keys.vnf(id)), `VNF instance ${id}`);
      const ns = mirror.get<NsInstance>(keys.ns(entry.value.nsInstanceId))?.value;
      return viewVnf(use, ns, entry.value);
    },
  };
}

function ofProject<T extends { projectId: string }>(
  entries: MirrorEntry<T>[],
  projectId: string | undefined,
): MirrorEntry<T>[] {
  return projectId === undefined ? entries : entries.filter((entry) => entry.value.projectId === projectId);
}

function viewNs(use: UnitUse, entry: MirrorEntry<NsInstance>): NsView {
  const { mirror } = use;
  const vnfs = mirror.group<VnfInstance>('vnf', entry.value.id);
  const states = mirror.group('state', entry.value.id);
  const newest = Math.max(entry.revision, ...vnfs.map((vnf) => vnf.revision), ...states.map((state) => state.revision));
  return {
    ns: entry.value,
    etag: `${newest}-${vnfs.length}-${states.length}`,
    vnfs: vnfs.map((vnf) => viewVnf(use, entry.value, vnf.value)),
  };
}

function viewVnf(use: UnitUse, ns: NsInstance | undefined, vnf: VnfInstance): VnfView {
  const { mirror } = use;
  const desired = ns === undefined ? undefined : desiredVnf(mirror, ns, vnf.id);
  const placement = desired?.placement;
  const units = desired === undefined ? [] : unitViews(use, desired);
  const status = placement === undefined ? undefined : mirror.get<AgentStatus>(keys.agentStatus(placement.agentId));
  return {
    vnf,
    isSiteConnected: status?.value.connected === true,
    siteName: placement === undefined ? '' : (mirror.get<Site>(keys.site(placement.siteId))?.value.name ?? ''),
    infraName: placement === undefined ? '' : (mirror.get<Infra>(keys.infra(placement.infraId))?.value.name ?? ''),
    managementAddress: desired === undefined ? undefined : managementAddressOf(desired, units),
    units,
  };
}

/** While it is being removed, a VNF is shown as it was wanted before. */
function desiredVnf(mirror: StoreMirror, ns: NsInstance, id: VnfInstanceId): VnfDesired | undefined {
  const isIt = (vnf: VnfDesired) => vnf.vnfInstanceId === id;
  const now = ns.desired?.vnfs.find(isIt);
  if (now !== undefined || ns.openOperationId === undefined) return now;
  const operation = mirror.get<NsLcmOpOcc>(keys.operation(ns.openOperationId))?.value;
  return operation?.before?.vnfs.find(isIt) ?? operation?.goal?.vnfs.find(isIt);
}

function viewOperation(mirror: StoreMirror, clock: Clock, entry: MirrorEntry<NsLcmOpOcc>): OperationView {
  const operation = entry.value;
  const progress = operationProgress(mirror, clock, operation);
  const isRunning = operation.state === 'PROCESSING' || operation.state === 'ROLLING_BACK';
  const away = progress.sites.filter((site) => !site.connected && site.ready < site.total);
  const sentences = isRunning ? away.map((site) => unreachableSentence(site.siteName, clock.now() - site.sinceMs)) : [];
  return {
    operation: { ...operation, explanation: [...operation.explanation, ...sentences] },
    etag: `${entry.revision}-${progress.ready}`,
    progress,
  };
}
