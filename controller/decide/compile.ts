import type { NetworkSpec } from '#shared/connector/index.ts';
import type { NsVirtualLink } from '#shared/descriptor/ns-model.ts';
import type { IpProfile } from '#shared/descriptor/vnf-model.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import { compileCompute } from './compile-compute.ts';
import { compileKdu, type KduDraft, networkNamespace } from './compile-kdu.ts';
import { compileMonitor } from './kdu-monitor.ts';
import { kduPlacement } from './kdu-source.ts';
import { flavourOf, type NsModels, storedModelOf } from './models.ts';
import { type CompiledIntent, type NewObject, unitObject } from './new-object.ts';
import { volumeId } from './resize-vnf.ts';

export interface NsIdentity {
  id: string;
  name: string;
}

/** Everything that compiling one VNF looks at. */
export interface VnfContext {
  ns: NsIdentity;
  desired: NsDesired;
  models: NsModels;
  vnf: VnfDesired;
}

/** What is wanted of an NS → the objects that ask its agents for it. The scope of all is the NS instance id. */
export function compileNs(ns: NsIdentity, desired: NsDesired, models: NsModels): Result<CompiledIntent> {
  const intent: CompiledIntent = new Map();
  for (const network of desired.networks) {
    const link = models.ns.virtualLinks.find((candidate) => candidate.id === network.virtualLinkId);
    if (link === undefined) continue;
    const { key, infraId } = network;
    const spec = virtualLinkSpec(ns, link, network.vimNetworkName, networkNamespace(ns, desired, infraId));
    const draft = { key, kind: 'network', infraId, spec, keep: spec.existingName !== undefined } as const;
    add(intent, network.agentId, unitObject(ns.id, draft, desired.attempts?.[key]));
  }
  for (const vnf of desired.vnfs) {
    const objects = compileVnf({ ns, desired, models, vnf });
    if (!objects.ok) return objects;
    for (const object of objects.value) add(intent, vnf.placement.agentId, object);
    const kdus = compileKdus({ ns, desired, models, vnf });
    if (!kdus.ok) return kdus;
    for (const { agentId, object } of kdus.value) add(intent, agentId, object);
  }
  return ok(intent);
}

function add(intent: CompiledIntent, agentId: AgentId, object: NewObject): void {
  const objects = intent.get(agentId);
  if (objects === undefined) intent.set(agentId, [object]);
  else objects.push(object);
}

function compileVnf(context: VnfContext): Result<NewObject[]> {
  const { vnf, desired, ns } = context;
  const objects: NewObject[] = vnf.auxiliary.map((item) => compileAuxiliary(context, item));
  const before = startsAfter(context, vnf.placement.agentId);
  for (const vnfc of vnf.vnfcs) {
    const draft = compileCompute(context, vnfc);
    if (!draft.ok) return draft;
    const dependsOn = [...(draft.value.dependsOn ?? []), ...before];
    objects.push(unitObject(ns.id, { ...draft.value, dependsOn }, desired.attempts?.[vnfc.key]));
  }
  return ok(objects);
}

function compileKdus(context: VnfContext): Result<{ agentId: AgentId; object: NewObject }[]> {
  const { vnf, desired, ns } = context;
  const placed: { agentId: AgentId; object: NewObject }[] = [];
  for (const kdu of vnf.kdus) {
    const draft = compileKdu(context, kdu);
    if (!draft.ok) return draft;
    const { agentId } = kduPlacement(vnf, kdu);
    const dependsOn = [...(draft.value.dependsOn ?? []), ...startsAfter(context, agentId)];
    const object = unitObject(ns.id, { ...draft.value, dependsOn } as KduDraft, desired.attempts?.[kdu.key]);
    placed.push({ agentId, object });
    const { infraId, spec } = draft.value;
    const monitor = compileMonitor(vnf, kdu, { infraId, name: spec.name, namespace: spec.namespace });
    if (!monitor.ok) return monitor;
    if (monitor.value !== undefined)
      placed.push({ agentId, object: unitObject(ns.id, monitor.value, desired.attempts?.[monitor.value.key]) });
  }
  return ok(placed);
}

/** NSD dependencies between profiles, as far as one agent can keep them: units of `before` on the same agent. */
function startsAfter({ vnf, desired, models }: VnfContext, agentId: AgentId): ObjectKey[] {
  const flavour = models.ns.flavours.find((candidate) => candidate.id === desired.flavourId);
  const profiles = (flavour?.dependencies ?? [])
    .filter((dependency) => dependency.after === vnf.profileId && dependency.before !== vnf.profileId)
    .map((dependency) => dependency.before);
  return desired.vnfs
    .filter((other) => profiles.includes(other.profileId))
    .flatMap((other) => [
      ...(other.placement.agentId === agentId ? other.vnfcs : []),
      ...other.kdus.filter((kdu) => kduPlacement(other, kdu).agentId === agentId),
    ])
    .map((part) => part.key);
}

function compileAuxiliary(context: VnfContext, item: VnfDesired['auxiliary'][number]): NewObject {
  const { vnf, ns, desired, models } = context;
  const { model } = storedModelOf(models, vnf);
  const { key } = item;
  const { infraId } = vnf.placement;
  const attempt = desired.attempts?.[key];
  const name = `${vnf.name}-${item.id.replaceAll('/', '-')}`;
  if (item.kind === 'network') {
    const profile =
      flavourOf(models, vnf).linkProfiles[item.id] ??
      model.internalLinks.find((link) => link.id === item.id)?.ipProfile;
    return unitObject(
      ns.id,
      { key, kind: 'network', infraId, spec: { name, management: false, ...addressing(profile) } },
      attempt,
    );
  }
  if (item.kind === 'affinity-group') {
    const group = flavourOf(models, vnf).affinityGroups.find((candidate) => candidate.id === item.id);
    const spec = { name, policy: group?.policy ?? 'affinity', scope: group?.scope ?? 'nfvi-node' } as const;
    return unitObject(ns.id, { key, kind: 'affinity-group', infraId, spec }, attempt);
  }
  const volume = model.vdus
    .flatMap((vdu) => vdu.volumes.map((candidate) => ({ ...candidate, id: volumeId(vdu.id, candidate.id) })))
    .find((candidate) => candidate.id === item.id);
  const spec = {
    name: `${name}-${item.index}`,
    sizeGib: volume?.sizeGib ?? 0,
    keep: volume?.keep ?? false,
    multiattach: volume?.multiattach ?? false,
  };
  return unitObject(ns.id, { key, kind: 'volume', infraId, spec, keep: spec.keep }, attempt);
}

function virtualLinkSpec(
  ns: NsIdentity,
  link: NsVirtualLink,
  existingName: string | undefined,
  namespace: string | undefined,
): NetworkSpec {
  return {
    name: `${ns.name}-${link.id}`,
    existingName: existingName ?? link.vimNetworkName,
    management: link.management,
    ...addressing(link.ipProfile),
    provider: link.provider,
    namespace,
  };
}

function addressing(profile: IpProfile | undefined): Partial<NetworkSpec> {
  if (profile === undefined) return {};
  const { ipVersion, cidr, gateway, dhcp, dns } = profile;
  return { ipVersion, cidr, gateway, dhcp, dns };
}
