import type { JsonObject } from '../../model/json.ts';
import { idsOf, objectField, objectsField, present, textField, textsField } from '../document-fields.ts';
import { isContainer } from '../model/build-kdus.ts';
import type { Reading } from '../reading/reading.ts';
import { checkVnfFlavour } from './check-vnf-flavour.ts';
import { checkReference, type Targets } from './references.ts';

/** Everything of a VNFD that other parts of it may name. */
export interface VnfdTargets {
  vdus: Targets;
  kdus: Targets;
  links: Targets;
  images: Targets;
  extCps: Targets;
  monitoring: Targets;
}

/** The cross-checks of a VNFD: SOL006's leafrefs and musts that matter, and those of OSM's NBI. */
export function checkVnfd(vnfd: JsonObject, reading: Reading): void {
  const targets = vnfdTargets(vnfd);
  for (const vdu of objectsField(vnfd, 'vdu')) checkVdu(vnfd, vdu, targets, reading);
  for (const extCpd of objectsField(vnfd, 'ext-cpd')) checkExtCpd(vnfd, extCpd, targets, reading);
  for (const storage of objectsField(vnfd, 'virtual-storage-desc')) {
    const block = objectField(storage, 'block-storage-data');
    for (const holder of [storage, ...present(block)]) {
      checkReference(reading, holder, 'sw-image-desc', targets.images);
    }
  }
  for (const vipCpd of objectsField(vnfd, 'vip-cpd')) {
    checkReference(reading, vipCpd, 'int-virtual-link-desc', targets.links);
  }
  for (const kdu of objectsField(vnfd, 'kdu')) checkKdu(kdu, targets, reading);
  checkManagementCp(vnfd, targets, reading);
  checkMonitoringIds(vnfd, reading);
  checkSecurityRules(vnfd, reading);
  for (const flavour of objectsField(vnfd, 'df')) checkVnfFlavour(vnfd, flavour, targets, reading);
}

function vnfdTargets(vnfd: JsonObject): VnfdTargets {
  const vdus = objectsField(vnfd, 'vdu');
  const flavours = objectsField(vnfd, 'df');
  const monitoring = [vnfd, ...vdus, ...flavours].flatMap((holder) => objectsField(holder, 'monitoring-parameter'));
  return {
    vdus: { ids: idsOf(vdus), noun: 'vdu' },
    kdus: { ids: idsOf(objectsField(vnfd, 'kdu'), 'name'), noun: 'kdu' },
    links: { ids: idsOf(objectsField(vnfd, 'int-virtual-link-desc')), noun: 'int-virtual-link-desc' },
    images: { ids: idsOf(objectsField(vnfd, 'sw-image-desc')), noun: 'sw-image-desc' },
    extCps: { ids: idsOf(objectsField(vnfd, 'ext-cpd')), noun: 'ext-cpd' },
    monitoring: { ids: idsOf(monitoring), noun: 'monitoring-parameter' },
  };
}

function checkVdu(vnfd: JsonObject, vdu: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const computes = { ids: idsOf(objectsField(vnfd, 'virtual-compute-desc')), noun: 'virtual-compute-desc' };
  const storages = { ids: idsOf(objectsField(vnfd, 'virtual-storage-desc')), noun: 'virtual-storage-desc' };
  const containers = { ids: idsOf(objectsField(vnfd, 'os-container-desc')), noun: 'os-container-desc' };
  checkReference(reading, vdu, 'virtual-compute-desc', computes);
  checkReference(reading, vdu, 'virtual-storage-desc', storages);
  checkReference(reading, vdu, 'os-container-desc', containers);
  checkReference(reading, vdu, 'sw-image-desc', targets.images);
  checkReference(reading, vdu, 'alternative-sw-image-desc', targets.images);
  warnOfBareMachine(vdu, reading);
  checkMachineSize(vnfd, vdu, reading);
  const securityRules = { ids: idsOf(objectsField(vnfd, 'security-group-rule')), noun: 'security-group-rule' };
  const names = new Set<string>();
  for (const cpd of objectsField(vdu, 'int-cpd')) {
    checkReference(reading, cpd, 'int-virtual-link-desc', targets.links);
    checkReference(reading, cpd, 'security-group-rule-id', securityRules);
    for (const requirement of objectsField(cpd, 'virtual-network-interface-requirement')) {
      checkInterface(requirement, names, reading);
    }
  }
  for (const alarm of objectsField(vdu, 'alarm')) {
    checkReference(reading, alarm, 'vnf-monitoring-param-ref', targets.monitoring);
  }
  if (vdu['cloud-init'] !== undefined && vdu['cloud-init-file'] !== undefined) {
    reading.error(vdu, 'cloud-init-file', {
      code: 'Contradiction',
      message: "both 'cloud-init' and 'cloud-init-file' are given",
      remedy: 'keep one of them',
    });
  }
}

/** Works, but on a machine of unknown size or with nothing to boot from. */
function warnOfBareMachine(vdu: JsonObject, reading: Reading): void {
  const isVirtualMachine = vdu['pdu-type'] === undefined && vdu['os-container-desc'] === undefined;
  if (!isVirtualMachine) return;
  const lacking = ['virtual-compute-desc', 'sw-image-desc'].filter((field) => vdu[field] === undefined);
  for (const field of lacking) {
    if (field === 'sw-image-desc' && vdu['virtual-storage-desc'] !== undefined) continue;
    const message = `the vdu names no ${field}`;
    reading.warn(vdu, undefined, { code: 'MissingField', message, remedy: `add '${field}'` });
  }
}

/** A PDU or a container may well state 0; no machine runs on it. */
function checkMachineSize(vnfd: JsonObject, vdu: JsonObject, reading: Reading): void {
  if (vdu['pdu-type'] !== undefined || vdu['os-container-desc'] !== undefined) return;
  const id = textField(vdu, 'virtual-compute-desc');
  const compute = objectsField(vnfd, 'virtual-compute-desc').find((each) => textField(each, 'id') === id);
  const memory = objectField(compute, 'virtual-memory');
  if (memory === undefined || memory['size'] !== 0) return;
  const message = `vdu '${textField(vdu, 'id') ?? ''}' would run on 0 GiB of memory`;
  reading.error(memory, 'size', { code: 'OutOfRange', message, remedy: 'give the size in GiB, such as 0.5 or 4' });
}

const macAddress = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;

function checkInterface(requirement: JsonObject, names: Set<string>, reading: Reading): void {
  const name = textField(requirement, 'name');
  if (name !== undefined && names.has(name)) {
    reading.warn(requirement, 'name', {
      code: 'DuplicateName',
      message: `two interfaces of this vdu are named '${name}'`,
      remedy: 'give each interface a name of its own',
    });
  }
  if (name !== undefined) names.add(name);
  const mac = textField(requirement, 'mac-address');
  if (mac !== undefined && !macAddress.test(mac)) {
    reading.error(requirement, 'mac-address', {
      code: 'WrongType',
      message: `'${mac}' is not a MAC address`,
      remedy: 'write six pairs of hexadecimal digits',
    });
  }
}

function checkExtCpd(vnfd: JsonObject, extCpd: JsonObject, targets: VnfdTargets, reading: Reading): void {
  checkReference(reading, extCpd, 'int-virtual-link-desc', targets.links);
  checkReference(reading, extCpd, 'vip-cpd', { ids: idsOf(objectsField(vnfd, 'vip-cpd')), noun: 'vip-cpd' });
  const virtualCpds = { ids: idsOf(objectsField(vnfd, 'virtual-cpd')), noun: 'virtual-cpd' };
  checkReference(reading, extCpd, 'virtual-cpd', virtualCpds);
  const nets = { ids: idsOf(objectsField(vnfd, 'k8s-cluster', 'nets')), noun: 'k8s-cluster net' };
  checkReference(reading, extCpd, 'k8s-cluster-net', nets);
  const inner = objectField(extCpd, 'int-cpd');
  if (inner === undefined) {
    warnOfUnjoinedLink(extCpd, reading);
    warnOfLooseEnd(extCpd, targets, reading);
    return;
  }
  const vduId = textField(inner, 'vdu-id');
  for (const field of ['vdu-id', 'cpd'].filter((each) => inner[each] === undefined)) {
    reading.error(inner, undefined, {
      code: 'MissingMandatory',
      message: `'${field}' is missing: an ext-cpd over an int-cpd names the vdu and its connection point`,
      remedy: `add '${field}'`,
    });
  }
  checkReference(reading, inner, 'vdu-id', targets.vdus);
  const vdu = objectsField(vnfd, 'vdu').find((each) => textField(each, 'id') === vduId);
  if (vdu === undefined) return;
  checkReference(reading, inner, 'cpd', {
    ids: idsOf(objectsField(vdu, 'int-cpd')),
    noun: `int-cpd of vdu '${vduId}'`,
  });
}

/** IFA011 7.1.6.3: exactly one of these says what the connection point is the outside of. */
function warnOfLooseEnd(extCpd: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const insides = ['int-virtual-link-desc', 'k8s-cluster-net', 'vip-cpd', 'virtual-cpd'];
  if (targets.vdus.ids.size === 0 || insides.some((field) => extCpd[field] !== undefined)) return;
  reading.warn(extCpd, undefined, {
    code: 'MissingField',
    message: `ext-cpd '${textField(extCpd, 'id') ?? ''}' leads to no port of any vdu`,
    remedy: "add 'int-cpd' with 'vdu-id' and 'cpd'",
  });
}

/** SOL006 lets a VNF expose an internal link as such; NFVOs (OSM, and this one) only connect ports. */
function warnOfUnjoinedLink(extCpd: JsonObject, reading: Reading): void {
  const link = textField(extCpd, 'int-virtual-link-desc');
  if (link === undefined) return;
  reading.warn(extCpd, 'int-virtual-link-desc', {
    code: 'NoEffect',
    message: `the internal link '${link}' is not joined with a link of the NS; only ports of vdus are connected`,
    remedy: "name the port instead: 'int-cpd' with 'vdu-id' and 'cpd', and no int-virtual-link-desc at that port",
  });
}

function checkManagementCp(vnfd: JsonObject, targets: VnfdTargets, reading: Reading): void {
  checkReference(reading, vnfd, 'mgmt-cp', targets.extCps);
  if (vnfd['mgmt-cp'] !== undefined || targets.vdus.ids.size === 0) return;
  // Pure SOL006 has no such field; 'vnfm-info', which OSM never had, is its mark, and so are containers.
  const isPure = textsField(vnfd, 'vnfm-info').length > 0 || objectsField(vnfd, 'vdu').every(isContainer);
  const severity = isPure ? 'warning' : 'error';
  reading.complain(severity, vnfd, undefined, {
    code: 'MissingMandatory',
    message: "'mgmt-cp' is missing: the VNF has no management address",
    remedy: "add 'mgmt-cp' with the id of an ext-cpd",
  });
}

/** OSM's rule for chart names is a guard against injected options; real charts also have upper case and more slashes. */
const chartName = /^[A-Za-z0-9_.@][^\s'"`$;|&<>\\]*$/;
const outsidePackage = /^file:|(?:^|\/)\.\.(?:\/|$)/i;

/** What a KDU is made from; `manifests` is Skerry's own: a folder of the package with plain manifests or a Kustomization. */
const kduSources = ['helm-chart', 'manifests', 'juju-bundle'] as const;

function checkKdu(kdu: JsonObject, targets: VnfdTargets, reading: Reading): void {
  for (const field of kduSources) {
    const name = textField(kdu, field);
    if (name === undefined || (chartName.test(name) && !outsidePackage.test(name))) continue;
    reading.error(kdu, field, {
      code: 'BadName',
      message: `'${name.slice(0, 60)}' is not a chart name, path or URL`,
      remedy: 'write repository/chart, a URL or a path inside the package, without spaces and with no dash in front',
    });
  }
  const [first, second] = kduSources.filter((field) => kdu[field] !== undefined);
  if (second !== undefined) {
    reading.error(kdu, second, {
      code: 'Contradiction',
      message: `both '${first}' and '${second}' are given`,
      remedy: 'keep one of them',
    });
  }
  if (first === undefined) {
    reading.error(kdu, undefined, {
      code: 'MissingMandatory',
      message: "a kdu needs a 'helm-chart', 'manifests' or a 'juju-bundle'",
      remedy: "add 'helm-chart'",
    });
  }
  for (const service of objectsField(kdu, 'service')) {
    checkReference(reading, service, 'external-connection-point-ref', targets.extCps);
  }
}

/** OSM: ids of monitoring parameters are unique over the VNF and all its vdus. */
function checkMonitoringIds(vnfd: JsonObject, reading: Reading): void {
  const seen = new Set<string>();
  const holders = [...objectsField(vnfd, 'vdu'), ...objectsField(vnfd, 'df'), vnfd];
  for (const holder of holders) {
    const own = new Set<string>();
    for (const parameter of objectsField(holder, 'monitoring-parameter')) {
      const id = textField(parameter, 'id');
      if (id === undefined || own.has(id)) continue;
      own.add(id);
      if (seen.has(id)) {
        reading.error(parameter, 'id', {
          code: 'DuplicateId',
          message: `monitoring-parameter '${id}' stands twice in the VNFD`,
          remedy: 'give each monitoring parameter an id of its own',
        });
      }
      seen.add(id);
    }
  }
}

function checkSecurityRules(vnfd: JsonObject, reading: Reading): void {
  for (const rule of objectsField(vnfd, 'security-group-rule')) {
    const [low, high] = [rule['port-range-min'], rule['port-range-max']];
    if (typeof low !== 'number' || typeof high !== 'number' || low <= high) continue;
    reading.error(rule, 'port-range-min', {
      code: 'OutOfRange',
      message: `port-range-min ${low} is above port-range-max ${high}`,
      remedy: 'swap them',
    });
  }
}

/** Files that a VNFD names and that must lie in its package. */
export function namedFiles(
  vnfd: JsonObject,
): { holder: JsonObject; field: string; name: string; kind: 'cloud-init' | 'charm' }[] {
  const cloudInits = objectsField(vnfd, 'vdu').flatMap((vdu) =>
    textsField(vdu, 'cloud-init-file').map((name) => ({
      holder: vdu,
      field: 'cloud-init-file',
      name,
      kind: 'cloud-init' as const,
    })),
  );
  const configurations = objectsField(vnfd, 'df').flatMap((flavour) =>
    objectsField(flavour, 'lcm-operations-configuration', 'operate-vnf-op-config', 'day1-2'),
  );
  const charms = [
    ...configurations,
    ...configurations.flatMap((each) => objectsField(each, 'execution-environment-list')),
  ]
    .flatMap((holder) => present(objectField(holder, 'juju')))
    .flatMap((juju) =>
      textsField(juju, 'charm').map((name) => ({ holder: juju, field: 'charm', name, kind: 'charm' as const })),
    );
  return [...cloudInits, ...charms];
}
