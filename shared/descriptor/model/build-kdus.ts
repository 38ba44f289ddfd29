import type { JsonObject } from '../../model/json.ts';
import { flagField, objectField, objectsField, textField, textsField } from '../document-fields.ts';
import type { ContainerVdu, KduModel } from '../vnf-model.ts';

/** KDUs as OSM describes them; where a VNFD has none, each MCIOP that it names (SOL006 4.x) is one: a Helm chart. */
export function buildKdus(vnfd: JsonObject): KduModel[] {
  const stated = objectsField(vnfd, 'kdu');
  return stated.length > 0 ? stated.map(buildKdu) : mciopIds(vnfd).map(buildMciop);
}

/** VDUs that are no virtual machines, each with the KDU whose chart makes it. */
export function buildContainers(vnfd: JsonObject): ContainerVdu[] {
  const kdus = buildKdus(vnfd).map((kdu) => kdu.name);
  const profiles = objectsField(vnfd, 'df').flatMap((flavour) => objectsField(flavour, 'mciop-profile'));
  return objectsField(vnfd, 'vdu')
    .filter(isContainer)
    .map((vdu) => {
      const vduId = textField(vdu, 'id') ?? '';
      const mciop = profiles.find((profile) => textsField(profile, 'associated-vdu').includes(vduId));
      const named = mciop && mciopName(textField(mciop, 'id') ?? '');
      const kduName = named !== undefined && kdus.includes(named) ? named : (kdus[0] ?? '');
      const identification = objectField(vdu, 'mcio-identification-data');
      const name = textField(identification, 'name');
      const type = textField(identification, 'type') ?? 'Deployment';
      return { vduId, kduName, ...(name === undefined ? {} : { workload: { name, type } }) };
    });
}

/** ETSI GS NFV-IFA 011 clause 7.1.6: a VDU of containers has an osContainerDesc and no virtualComputeDesc. */
export function isContainer(vdu: JsonObject): boolean {
  if (vdu['virtual-compute-desc'] !== undefined) return false;
  return vdu['os-container-desc'] !== undefined || vdu['mcio-identification-data'] !== undefined;
}

function mciopIds(vnfd: JsonObject): string[] {
  const profiles = objectsField(vnfd, 'df').flatMap((flavour) => objectsField(flavour, 'mciop-profile'));
  const ids = [...textsField(vnfd, 'mciop-id'), ...profiles.flatMap((profile) => textField(profile, 'id') ?? [])];
  return [...new Map(ids.map((id) => [mciopName(id), id])).values()];
}

/** An MCIOP is named by its id or by its file: the KDU is called by the last part, without the ending. */
function mciopName(id: string): string {
  return (id.split('/').at(-1) ?? id).replace(/\.(tgz|tar\.gz)$/, '');
}

function buildMciop(id: string): KduModel {
  return { name: mciopName(id), helmChart: id, services: [] };
}

function buildKdu(kdu: JsonObject): KduModel {
  const model: KduModel = {
    name: textField(kdu, 'name') ?? '',
    services: objectsField(kdu, 'service').map((service) => {
      const extCpId = textField(service, 'external-connection-point-ref');
      const management = flagField(service, 'mgmt-service') ?? false;
      return { name: textField(service, 'name') ?? '', management, ...(extCpId === undefined ? {} : { extCpId }) };
    }),
  };
  const helmChart = textField(kdu, 'helm-chart');
  const helmVersion = textField(kdu, 'helm-version');
  const manifests = textField(kdu, 'manifests');
  const jujuBundle = textField(kdu, 'juju-bundle');
  if (helmChart !== undefined) model.helmChart = helmChart;
  if (helmVersion !== undefined) model.helmVersion = helmVersion;
  if (manifests !== undefined) model.manifests = manifests;
  if (jujuBundle !== undefined) model.jujuBundle = jujuBundle;
  return model;
}
