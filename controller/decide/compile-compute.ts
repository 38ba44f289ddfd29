import type { ComputePort } from '#shared/connector/index.ts';
import type { VduModel, VduPort } from '#shared/descriptor/vnf-model.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import type { VnfContext } from './compile.ts';
import { profileOf } from './instantiate-ns.ts';
import { flavourOf, storedModelOf } from './models.ts';
import type { UnitDraft } from './new-object.ts';
import { renderTemplate } from './render-template.ts';
import { volumeId } from './resize-vnf.ts';
import { unprocessable } from './unprocessable.ts';

type Vnfc = VnfDesired['vnfcs'][number];

/** A dead VM is made anew at once, but not over and over, unless the descriptor says otherwise. */

/** One VNFC instance → a compute unit with its ports in position order, volumes, groups and rendered cloud-init. */
export function compileCompute(context: VnfContext, vnfc: Vnfc): Result<UnitDraft<'compute'>> {
  const { vnf, models } = context;
  const vdu = storedModelOf(models, vnf).model.vdus.find((candidate) => candidate.id === vnfc.vduId);
  if (vdu === undefined) return unprocessable(`VDU ${vnfc.vduId} is not in the VNFD of ${vnf.name}`, vnfc.vduId);
  const userData = renderCloudInit(context, vdu, vnfc);
  if (!userData.ok) return userData;
  const ports = portsOf(context, vdu, vnfc);
  const groupKeys = groupKeysOf(context, vdu.id);
  const volumes = vdu.volumes.map((volume) => ({
    name: volume.id,
    sizeGib: volume.sizeGib,
    volumeKey: auxiliaryKey(vnf, 'volume', volumeId(vdu.id, volume.id), vnfc.index),
  }));
  const healing = flavourOf(models, vnf).healing.find((policy) => policy.vduId === vdu.id);
  return ok({
    key: vnfc.key,
    kind: 'compute',
    infraId: vnf.placement.infraId,
    spec: {
      name: `${vnf.name}-${vdu.id}-${vnfc.index}`,
      image: {
        name: vdu.image?.name ?? '',
        alternatives: vdu.alternativeImages.map(({ name, vimType = '' }) => ({ name, vimType })),
      },
      vcpus: vdu.vcpus,
      memoryMib: vdu.memoryMib,
      rootDiskGib: vdu.rootDiskGib,
      extra: vdu.extra,
      ports,
      volumes,
      userData: userData.value,
      configDrive: vdu.configDrive,
      affinityGroupKeys: groupKeys,
    },
    dependsOn: [
      ...ports.map((port) => port.networkKey),
      ...volumes.flatMap((volume) => (volume.volumeKey === undefined ? [] : [volume.volumeKey])),
      ...groupKeys,
    ],
    healing: healing && { enabled: healing.automatic, cooldownMs: healing.cooldownMs },
  });
}

function portsOf(context: VnfContext, vdu: VduModel, vnfc: Vnfc): ComputePort[] {
  return [...vdu.ports]
    .sort((left, right) => left.position - right.position)
    .flatMap((port) => {
      const network = networkOf(context, port);
      if (network === undefined) return [];
      const ipAddress = port.ipAddress ?? network.ipAddress;
      const base = {
        name: port.name,
        networkKey: network.key,
        management: network.management,
        vnicType: port.vnicType,
        portSecurity: port.portSecurity,
      };
      // A fixed address can be had once only.
      if (vnfc.index > 0) return [base];
      return [{ ...base, ipAddress, macAddress: port.macAddress }];
    });
}

interface PortNetwork {
  key: ObjectKey;
  management: boolean;
  ipAddress?: string;
}

/** A port without an internal link goes to the virtual link that the NSD connects its ext-cpd to; unconnected: no port. */
function networkOf({ vnf, desired, models }: VnfContext, port: VduPort): PortNetwork | undefined {
  const { model } = storedModelOf(models, vnf);
  if (port.internalLinkId !== undefined) {
    const key = auxiliaryKey(vnf, 'network', port.internalLinkId, 0);
    return key === undefined ? undefined : { key, management: false };
  }
  const connections = profileOf(models, desired.flavourId, vnf.profileId)?.connections ?? [];
  const connection = connections.find((candidate) => candidate.cpId === port.extCpId);
  if (connection === undefined) return undefined;
  const network = desired.networks.find(
    (candidate) => candidate.virtualLinkId === connection.virtualLinkId && candidate.infraId === vnf.placement.infraId,
  );
  if (network === undefined) return undefined;
  const link = models.ns.virtualLinks.find((candidate) => candidate.id === connection.virtualLinkId);
  const management =
    port.extCpId === model.managementCp || (model.managementCp === undefined && link?.management === true);
  return { key: network.key, management, ipAddress: connection.ipAddress };
}

function auxiliaryKey(
  vnf: VnfDesired,
  kind: VnfDesired['auxiliary'][number]['kind'],
  id: string,
  index: number,
): ObjectKey | undefined {
  return vnf.auxiliary.find((item) => item.kind === kind && item.id === id && item.index === index)?.key;
}

function groupKeysOf({ vnf, models }: VnfContext, vduId: string): ObjectKey[] {
  const profile = flavourOf(models, vnf).vduProfiles.find((candidate) => candidate.vduId === vduId);
  return (profile?.affinityGroupIds ?? []).flatMap((groupId) => auxiliaryKey(vnf, 'affinity-group', groupId, 0) ?? []);
}

function renderCloudInit(context: VnfContext, vdu: VduModel, vnfc: Vnfc): Result<string | undefined> {
  const { vnf, desired, models } = context;
  if (vdu.cloudInit === undefined) return ok(undefined);
  const where = `cloud-init of VDU ${vdu.id} in ${vnf.name}`;
  const text =
    'text' in vdu.cloudInit ? vdu.cloudInit.text : findText(storedModelOf(models, vnf).texts, vdu.cloudInit.file);
  if (text === undefined) {
    const file = 'file' in vdu.cloudInit ? vdu.cloudInit.file : '';
    return unprocessable(`${where}: the package has no file ${file}`, file, 'Onboard a package that contains it.');
  }
  return renderTemplate(text, { ...desired.params, ...vnf.params, ...vduParams(vnf.params, vnfc) }, where);
}

/** Descriptors give the bare name, packages keep it in `cloud_init/` (OSM) or somewhere else (CSAR). */
function findText(texts: Readonly<Record<string, string>>, file: string): string | undefined {
  const path = Object.keys(texts)
    .sort()
    .find((candidate) => candidate === file || candidate.endsWith(`/${file}`));
  return path === undefined ? undefined : texts[path];
}

/** OSM's additionalParamsForVdu: [{vdu_id, additionalParams}]. */
function vduParams(params: JsonObject, vnfc: Vnfc): JsonObject {
  const list = params['additionalParamsForVdu'];
  for (const item of Array.isArray(list) ? list : []) {
    if (typeof item !== 'object' || item === null || Array.isArray(item) || item['vdu_id'] !== vnfc.vduId) continue;
    const own = item['additionalParams'];
    if (typeof own === 'object' && own !== null && !Array.isArray(own)) return own;
  }
  return {};
}
