import type { PodNetwork, WorkloadSpec } from '#shared/connector/index.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { KduDesired, NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { NsIdentity, VnfContext } from './compile.ts';
import { profileOf } from './instantiate-ns.ts';
import { contentOf, kduKind, kduModelOf, kduParams, kduPlacement, textOf } from './kdu-source.ts';
import { storedModelOf } from './models.ts';
import type { UnitDraft } from './new-object.ts';
import { podConnections } from './pod-networks.ts';
import { unprocessable } from './unprocessable.ts';

/** Helm's own limit on release names. */
const releaseNameLimit = 53;
/** Kubernetes' limit on namespaces (a DNS label). */
const namespaceLimit = 63;

export type KduDraft = UnitDraft<'helm-release'> | UnitDraft<'manifests'>;

/** One KDU → a Helm release, or a set of manifests. */
export function compileKdu(context: VnfContext, kdu: KduDesired): Result<KduDraft> {
  const { vnf, models } = context;
  const described = kduModelOf(models, vnf, kdu.kduName);
  const content = contentOf(models, vnf, kdu);
  const kind = described && kduKind(described);
  if (content === undefined || kind === undefined)
    return unprocessable(`KDU ${kdu.kduName} of ${vnf.name} has no Helm chart and no manifests`, kdu.kduName);
  const common = workloadSpec(context, kdu, content.timeoutS);
  const frame = {
    key: kdu.key,
    infraId: kduPlacement(vnf, kdu).infraId,
    dependsOn: (common.networks ?? []).map((network) => network.networkKey),
  };
  if (kind === 'manifests') {
    if (content.digest === undefined)
      return unprocessable(
        `KDU ${kdu.kduName} of ${vnf.name}: the folder ${content.chart} is not in the package`,
        kdu.kduName,
        'Onboard a package that contains it.',
      );
    return ok({ ...frame, kind, spec: { ...common, folderDigest: content.digest } });
  }
  const { chart, repository, version, digest: chartDigest, values } = content;
  return ok({ ...frame, kind, spec: { ...common, chart, repository, version, chartDigest, values } });
}

function workloadSpec(context: VnfContext, kdu: KduDesired, timeoutS: number | undefined): WorkloadSpec {
  const { vnf, ns, models } = context;
  const { images } = storedModelOf(models, vnf);
  const params = kduParams(vnf.params, kdu.kduName);
  const networks = podNetworks(context, kdu);
  const carried = (images ?? []).flatMap(({ digest, references }) =>
    references.map((reference) => ({ reference, digest })),
  );
  return {
    name: releaseName(textOf(params['kdu-deployment-name']) ?? `${kdu.kduName}-${vnf.vnfInstanceId.slice(0, 8)}`),
    namespace: kduNamespace(ns, vnf, kdu),
    replicas: kdu.replicas,
    services: (kduModelOf(models, vnf, kdu.kduName)?.services ?? []).map(({ name, management }) => ({
      name,
      management,
    })),
    ...(networks.length === 0 ? {} : { networks }),
    ...(carried.length === 0 ? {} : { images: carried }),
    ...(timeoutS === undefined ? {} : { timeoutS }),
  };
}

/** Networks of the NS that the KDU's pods join: those that there is a segment of where the KDU runs. */
function podNetworks({ vnf, desired, models }: VnfContext, kdu: KduDesired): PodNetwork[] {
  const profile = profileOf(models, desired.flavourId, vnf.profileId);
  const { infraId } = kduPlacement(vnf, kdu);
  return podConnections(models.ns, profile, storedModelOf(models, vnf).model)
    .filter((connection) => connection.kduNames.includes(kdu.kduName))
    .flatMap((connection) => {
      const key = segmentKey(desired, connection.virtualLinkId, infraId);
      return key === undefined ? [] : [{ networkKey: key, name: connection.extCpId }];
    });
}

function segmentKey(desired: NsDesired, virtualLinkId: string, infraId: InfraId): ObjectKey | undefined {
  return desired.networks.find((each) => each.virtualLinkId === virtualLinkId && each.infraId === infraId)?.key;
}

/** OSM's `k8s-namespace`, of the KDU or of the VNF; one per NS otherwise. */
export function kduNamespace(ns: NsIdentity, vnf: VnfDesired, kdu: KduDesired): string {
  const params = kduParams(vnf.params, kdu.kduName);
  const asked = textOf(params['k8s-namespace']) ?? textOf(vnf.params['k8s-namespace']);
  return asked?.slice(0, namespaceLimit) ?? `ns-${ns.id.slice(0, 8)}`;
}

/** Where networks of pods are kept: with the NS's KDUs on that infra. */
export function networkNamespace(ns: NsIdentity, desired: NsDesired, infraId: InfraId): string | undefined {
  for (const vnf of desired.vnfs) {
    const kdu = vnf.kdus.find((candidate) => kduPlacement(vnf, candidate).infraId === infraId);
    if (kdu !== undefined) return kduNamespace(ns, vnf, kdu);
  }
  return undefined;
}

function releaseName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, releaseNameLimit);
  return name.replace(/^-+|-+$/g, '') || 'release';
}
