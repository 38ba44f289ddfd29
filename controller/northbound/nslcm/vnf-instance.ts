import { isIP } from 'node:net';
import type { JsonObject } from '#shared/model/json.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import type { UnitView, VnfView } from '../../lcm/lcm.ts';
import { dateTime } from '../sol013/date-time.ts';
import { mcioInfo } from './mcio-info.ts';
import type { VnfFacts } from './vnf-facts.ts';

/** VnfInstance inside NsInstance (ETSI GS NFV-SOL 005 clause 6.5.3.57). */
export function renderVnfInstance(
  view: VnfView,
  desired: VnfDesired | undefined,
  { facts, now }: { facts: VnfFacts; now: number },
): JsonObject {
  const { vnf } = view;
  const isInstantiated = vnf.state === 'INSTANTIATED';
  return {
    id: vnf.id,
    vnfInstanceName: vnf.name,
    vnfdId: vnf.vnfdId,
    vnfProvider: facts.provider,
    vnfProductName: facts.productName,
    vnfSoftwareVersion: facts.softwareVersion,
    vnfdVersion: facts.descriptorVersion,
    vnfPkgId: vnf.vnfPackageId,
    ...(desired && { vimId: desired.placement.infraId }),
    instantiationState: vnf.state,
    ...(isInstantiated && { instantiatedVnfInfo: instantiatedInfo(view, desired, facts) }),
    _skerry: {
      vnfProfileId: vnf.profileId,
      siteName: view.siteName,
      ...(view.isSiteConnected !== undefined && { siteConnected: view.isSiteConnected }),
      infraName: view.infraName,
      ...(view.managementAddress !== undefined && { managementAddress: view.managementAddress }),
      explanation: desired?.placement.explanation ?? [],
      units: view.units.map((unit) => renderUnit(unit, now)),
    },
  };
}

function instantiatedInfo(view: VnfView, desired: VnfDesired | undefined, facts: VnfFacts): JsonObject {
  const vimId = desired?.placement.infraId;
  const handle = (unit: UnitView) => ({
    ...(vimId !== undefined && { vimId }),
    resourceId: unit.platformId,
    vimLevelResourceType: unit.kind,
  });
  const ofKind = (...kinds: string[]) => view.units.filter((unit) => kinds.includes(unit.kind));
  const components = ofKind('compute', 'helm-release', 'manifests');
  const mcios = mcioInfo(ofKind('helm-release', 'manifests'), desired, facts.containers ?? []);
  return {
    flavourId: desired?.flavourId ?? '',
    vnfState: 'STARTED',
    scaleStatus: Object.entries(desired?.scaleLevels ?? {}).map(([aspectId, scaleLevel]) => ({ aspectId, scaleLevel })),
    extCpInfo: components.flatMap((unit) => externalPoints(unit, facts)),
    vnfcResourceInfo: components.map((unit) => ({
      id: unit.key,
      vduId: unit.part,
      computeResource: handle(unit),
      vnfcCpInfo: Object.keys(unit.addresses).map((port) => connectionPoint(unit, port, facts)),
    })),
    ...(mcios.length > 0 && { mcioInfo: mcios }),
    vnfVirtualLinkResourceInfo: ofKind('network').map((unit) => ({
      id: unit.key,
      vnfVirtualLinkDescId: unit.part,
      networkResource: handle(unit),
    })),
    virtualStorageResourceInfo: ofKind('volume').map((unit) => ({
      id: unit.key,
      virtualStorageDescId: unit.part,
      storageResource: handle(unit),
    })),
  };
}

function connectionPoint(unit: UnitView, port: string, facts: VnfFacts): JsonObject {
  const known = facts.ports.get(`${unit.part}/${port}`);
  return {
    id: `${unit.key}/${port}`,
    cpdId: known?.cpdId ?? port,
    ...(known?.extCpId !== undefined && { vnfExtCpId: `${unit.key}/${port}/${known.extCpId}` }),
    ...protocolInfo(unit.addresses[port] ?? []),
  };
}

function externalPoints(unit: UnitView, facts: VnfFacts): JsonObject[] {
  return Object.entries(unit.addresses).flatMap(([port, addresses]) => {
    const extCpId = facts.ports.get(`${unit.part}/${port}`)?.extCpId;
    if (extCpId === undefined) return [];
    const id = `${unit.key}/${port}/${extCpId}`;
    return [{ id, cpdId: extCpId, ...protocolInfo(addresses), associatedVnfcCpId: `${unit.key}/${port}` }];
  });
}

/** CpProtocolInfo by address family; nothing when there is no IP address (a host name of a service, none yet). */
function protocolInfo(addresses: readonly string[]): JsonObject {
  const ofFamily = (family: number) => addresses.filter((address) => isIP(address) === family);
  const ipAddresses = [
    { type: 'IPV4', addresses: ofFamily(4) },
    { type: 'IPV6', addresses: ofFamily(6) },
  ].filter((group) => group.addresses.length > 0);
  if (ipAddresses.length === 0) return {};
  return { cpProtocolInfo: [{ layerProtocol: 'IP_OVER_ETHERNET', ipOverEthernet: { ipAddresses } }] };
}

/** The age becomes the time of the report, so that the text stays true while it is cached. */
function renderUnit({ ageMs, facts: _facts, ...unit }: UnitView, now: number): JsonObject {
  return { ...unit, ...(ageMs !== undefined && { reportedAt: dateTime(Math.floor((now - ageMs) / 1000) * 1000) }) };
}
