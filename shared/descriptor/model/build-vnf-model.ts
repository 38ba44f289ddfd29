import type { JsonObject } from '../../model/json.ts';
import {
  flagField,
  numberField,
  objectField,
  objectsField,
  present,
  textField,
  textsField,
} from '../document-fields.ts';
import type { ExtCp, ImageRef, InternalLink, VduModel, VduPort, VnfModel } from '../vnf-model.ts';
import { buildIpProfile } from './build-ip-profile.ts';
import { buildContainers, buildKdus, isContainer } from './build-kdus.ts';
import { buildVnfFlavours } from './build-vnf-flavours.ts';

/** Normalises a checked VNFD document; must not be called for one with errors. */
export function buildVnfModel(vnfd: JsonObject): VnfModel {
  const model: VnfModel = {
    vnfdId: textField(vnfd, 'id') ?? '',
    provider: textField(vnfd, 'provider') ?? '',
    productName: textField(vnfd, 'product-name') ?? textField(vnfd, 'id') ?? '',
    softwareVersion: textField(vnfd, 'software-version') ?? textField(vnfd, 'version') ?? '',
    descriptorVersion: textField(vnfd, 'version') ?? '',
    description: textField(vnfd, 'description') ?? textField(vnfd, 'product-info-description') ?? '',
    vdus: objectsField(vnfd, 'vdu').flatMap((vdu) => (isContainer(vdu) ? [] : [buildVdu(vnfd, vdu)])),
    kdus: buildKdus(vnfd),
    internalLinks: objectsField(vnfd, 'int-virtual-link-desc').map((link) => buildLink(vnfd, link)),
    extCps: objectsField(vnfd, 'ext-cpd').map(buildExtCp),
    flavours: buildVnfFlavours(vnfd),
    swImages: objectsField(vnfd, 'sw-image-desc').map(buildImage),
  };
  const containers = buildContainers(vnfd);
  if (containers.length > 0) model.containers = containers;
  const managementCp = textField(vnfd, 'mgmt-cp');
  if (managementCp !== undefined) model.managementCp = managementCp;
  const cluster = objectField(vnfd, 'k8s-cluster');
  if (cluster !== undefined) {
    model.k8sCluster = {
      versions: textsField(cluster, 'version'),
      cni: textsField(cluster, 'cni'),
      nets: objectsField(cluster, 'nets').flatMap((net) => textField(net, 'id') ?? []),
    };
  }
  return model;
}

/** Where a descriptor states none: a machine without memory cannot be asked for. */
const defaultMemoryGib = 1;

function buildVdu(vnfd: JsonObject, vdu: JsonObject): VduModel {
  const compute = byId(vnfd, 'virtual-compute-desc', textField(vdu, 'virtual-compute-desc'));
  const storages = textsField(vdu, 'virtual-storage-desc').flatMap((id) =>
    present(byId(vnfd, 'virtual-storage-desc', id)),
  );
  const id = textField(vdu, 'id') ?? '';
  const disk = objectsField(compute, 'virtual-disk')[0];
  const model: VduModel = {
    id,
    name: textField(vdu, 'name') ?? id,
    description: textField(vdu, 'description') ?? '',
    alternativeImages: textsField(vdu, 'alternative-sw-image-desc').flatMap((image) => imageRef(vnfd, image) ?? []),
    vcpus: numberField(objectField(compute, 'virtual-cpu'), 'num-virtual-cpu') ?? 1,
    memoryMib: Math.round((numberField(objectField(compute, 'virtual-memory'), 'size') ?? defaultMemoryGib) * 1024),
    rootDiskGib: storages[0] === undefined ? (numberField(disk, 'size-of-storage') ?? 0) : storageSize(storages[0]),
    volumes: storages.slice(1).map(buildVolume),
    extra: buildExtra(vdu, compute),
    ports: buildPorts(vnfd, vdu),
    configDrive: flagField(objectField(vdu, 'supplemental-boot-data'), 'boot-data-drive') ?? false,
  };
  const image = imageRef(vnfd, textField(vdu, 'sw-image-desc') ?? storageImage(storages[0]));
  if (image !== undefined) model.image = image;
  const file = textField(vdu, 'cloud-init-file');
  const text = textField(vdu, 'cloud-init') ?? textField(vdu, 'boot-data');
  if (file !== undefined) model.cloudInit = { file };
  else if (text !== undefined) model.cloudInit = { text };
  const pduType = textField(vdu, 'pdu-type');
  if (pduType !== undefined) model.pduType = pduType;
  return model;
}

function storageSize(storage: JsonObject): number {
  const holders = [
    storage,
    ...['block', 'file'].flatMap((kind) => present(objectField(storage, `${kind}-storage-data`))),
  ];
  return holders.map((holder) => numberField(holder, 'size-of-storage')).find((size) => size !== undefined) ?? 0;
}

function storageImage(storage: JsonObject | undefined): string | undefined {
  return textField(storage, 'sw-image-desc') ?? textField(objectField(storage, 'block-storage-data'), 'sw-image-desc');
}

function buildVolume(storage: JsonObject): VduModel['volumes'][number] {
  const requirements = [storage, objectField(storage, 'block-storage-data')].flatMap((holder) =>
    objectsField(holder, 'vdu-storage-requirements'),
  );
  const isSet = (key: string) =>
    requirements.some((each) => textField(each, 'key') === key && textField(each, 'value')?.toLowerCase() === 'true');
  return {
    id: textField(storage, 'id') ?? '',
    sizeGib: storageSize(storage),
    type: textField(storage, 'type-of-storage') ?? 'block',
    keep: isSet('keep-volume'),
    multiattach: isSet('multiattach'),
  };
}

/** What asks for more than a size: pinning, quotas, huge pages, NUMA, hardware capabilities. */
function buildExtra(vdu: JsonObject, compute: JsonObject | undefined): JsonObject {
  const extra: JsonObject = {};
  const { 'num-virtual-cpu': _count, ...cpu } = objectField(compute, 'virtual-cpu') ?? {};
  const { size: _size, ...memory } = objectField(compute, 'virtual-memory') ?? {};
  if (Object.keys(cpu).length > 0) extra['virtual-cpu'] = cpu;
  if (Object.keys(memory).length > 0) extra['virtual-memory'] = memory;
  for (const field of [
    'logical-node',
    'request-additional-capability',
    'vif-quota',
    'disk-io-quota',
    'nfvi-constraint',
  ]) {
    const value = compute?.[field] ?? vdu[field];
    if (value !== undefined) extra[field] = value;
  }
  return extra;
}

function buildPorts(vnfd: JsonObject, vdu: JsonObject): VduPort[] {
  const vduId = textField(vdu, 'id');
  const extCps = objectsField(vnfd, 'ext-cpd').filter(
    (each) => textField(objectField(each, 'int-cpd'), 'vdu-id') === vduId,
  );
  // As in OSM, every requirement of an int-cpd is an interface of its own.
  const ports = objectsField(vdu, 'int-cpd').flatMap((cpd, at) => {
    const stated = objectsField(cpd, 'virtual-network-interface-requirement');
    const id = textField(cpd, 'id') ?? '';
    const extCp = extCps.find((each) => textField(objectField(each, 'int-cpd'), 'cpd') === id);
    return (stated.length === 0 ? [undefined] : stated).map((requirement) => {
      const position = numberField(requirement, 'position') ?? numberField(cpd, 'order');
      return { port: buildPort(cpd, requirement, textField(extCp, 'id')), position, at };
    });
  });
  const sorted = ports.sort((one, two) => (one.position ?? 1e9) - (two.position ?? 1e9) || one.at - two.at);
  return sorted.map(({ port }, position) => ({ ...port, position }));
}

function buildPort(cpd: JsonObject, requirement: JsonObject | undefined, extCpId: string | undefined): VduPort {
  const id = textField(cpd, 'id') ?? '';
  const internalLinkId = textField(cpd, 'int-virtual-link-desc');
  const ipAddress = textField(requirement, 'ip-address');
  const macAddress = textField(requirement, 'mac-address');
  return {
    id,
    name: textField(requirement, 'name') ?? id,
    position: 0,
    vnicType:
      textField(objectField(requirement, 'virtual-interface'), 'type') ?? textField(cpd, 'vnic-type') ?? 'PARAVIRT',
    portSecurity: flagField(cpd, 'port-security-enabled') ?? true,
    ...(internalLinkId === undefined ? {} : { internalLinkId }),
    ...(extCpId === undefined ? {} : { extCpId }),
    ...(ipAddress === undefined ? {} : { ipAddress }),
    ...(macAddress === undefined ? {} : { macAddress }),
  };
}

function buildLink(vnfd: JsonObject, link: JsonObject): InternalLink {
  const id = textField(link, 'id') ?? '';
  const profiles = objectsField(vnfd, 'df').flatMap((flavour) => objectsField(flavour, 'virtual-link-profile'));
  const ipProfile = profiles
    .filter((profile) => textField(profile, 'id') === id)
    .map(buildIpProfile)
    .find((each) => each !== undefined);
  return { id, description: textField(link, 'description') ?? '', ...(ipProfile === undefined ? {} : { ipProfile }) };
}

function buildExtCp(extCpd: JsonObject): ExtCp {
  const inner = objectField(extCpd, 'int-cpd');
  const model: ExtCp = { id: textField(extCpd, 'id') ?? '', layerProtocols: textsField(extCpd, 'layer-protocol') };
  const vduId = textField(inner, 'vdu-id');
  const intCpdId = textField(inner, 'cpd');
  const internalLinkId = textField(extCpd, 'int-virtual-link-desc');
  const k8sClusterNet = textField(extCpd, 'k8s-cluster-net');
  if (vduId !== undefined) model.vduId = vduId;
  if (intCpdId !== undefined) model.intCpdId = intCpdId;
  if (internalLinkId !== undefined) model.internalLinkId = internalLinkId;
  if (k8sClusterNet !== undefined) model.k8sClusterNet = k8sClusterNet;
  return model;
}

function buildImage(image: JsonObject): VnfModel['swImages'][number] {
  const id = textField(image, 'id') ?? '';
  const checksum = objectField(image, 'checksum');
  const [algorithm, hash] = [textField(checksum, 'algorithm'), textField(checksum, 'hash')];
  const reference = textField(image, 'image');
  return {
    id,
    name: textField(image, 'name') ?? id,
    version: textField(image, 'version') ?? '',
    ...(reference === undefined ? {} : { image: reference }),
    ...(algorithm === undefined || hash === undefined ? {} : { checksum: { algorithm, hash } }),
  };
}

/** By `image`, else by `name` (OSM's rule). */
function imageRef(vnfd: JsonObject, id: string | undefined): ImageRef | undefined {
  const image = byId(vnfd, 'sw-image-desc', id);
  const name = textField(image, 'image') ?? textField(image, 'name') ?? textField(image, 'id');
  if (name === undefined) return undefined;
  const vimType = textField(image, 'vim-type');
  return vimType === undefined ? { name } : { name, vimType };
}

function byId(vnfd: JsonObject, list: string, id: string | undefined): JsonObject | undefined {
  return id === undefined ? undefined : objectsField(vnfd, list).find((each) => textField(each, 'id') === id);
}
