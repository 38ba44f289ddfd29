import type { CatalogModels } from '#controller/catalog/catalog.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { VduModel, VnfFlavour, VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import { id } from '#shared/model/ids.ts';

/** A VDU of 2 vCPUs with a management port and one on the VNF's internal link. */
export function sampleVdu(vduId: string): VduModel {
  const port = { vnicType: 'PARAVIRT', portSecurity: true };
  return {
    id: vduId,
    name: vduId,
    description: '',
    image: { name: 'cirros' },
    alternativeImages: [],
    vcpus: 2,
    memoryMib: 1024,
    rootDiskGib: 10,
    volumes: [],
    extra: {},
    ports: [
      { id: 'p1', name: 'eth1', position: 1, internalLinkId: 'internal', ...port },
      { id: 'p0', name: 'eth0', position: 0, extCpId: 'mgmt-ext', ...port },
    ],
    cloudInit: { text: '#cloud-config\nhostname: {{ hostname }}\n' },
    configDrive: false,
  };
}

export function sampleVnf(): VnfModel {
  const flavour: VnfFlavour = {
    id: 'small',
    description: '',
    vduProfiles: [{ vduId: 'vdu', min: 1, max: 4, affinityGroupIds: [] }],
    instantiationLevels: [
      { id: 'one', vduCounts: { vdu: 1 }, scaleLevels: { out: 0 } },
      { id: 'three', vduCounts: { vdu: 3 }, scaleLevels: { out: 2 } },
    ],
    defaultLevelId: 'one',
    scalingAspects: [
      { id: 'out', name: 'out-by-name', maxLevel: 3, steps: [{ vduDeltas: { vdu: 1 }, kduDeltas: {} }] },
    ],
    affinityGroups: [],
    linkProfiles: {},
    kduProfiles: [],
    healing: [],
    supportedOperations: [],
  };
  return {
    vnfdId: 'sample-vnf',
    provider: 'test',
    productName: 'sample',
    softwareVersion: '1',
    descriptorVersion: '1.0',
    description: '',
    managementCp: 'mgmt-ext',
    vdus: [sampleVdu('vdu')],
    kdus: [],
    internalLinks: [{ id: 'internal', description: '' }],
    extCps: [{ id: 'mgmt-ext', vduId: 'vdu', intCpdId: 'p0', layerProtocols: [] }],
    flavours: [flavour, { ...flavour, id: 'large', defaultLevelId: 'three' }],
    swImages: [],
  };
}

/** Three VNF profiles on one management link; NS levels and a scaling aspect for the third. */
export function sampleNs(): NsModel {
  const profile = (profileId: string) => ({
    id: profileId,
    vnfdId: 'sample-vnf',
    min: 0,
    max: 3,
    affinityGroupIds: [],
    connections: [{ virtualLinkId: 'mgmt', cpId: 'mgmt-ext' }],
  });
  return {
    nsdId: 'sample-ns',
    name: 'sample-ns',
    designer: 'test',
    version: '1.0',
    description: '',
    vnfdIds: ['sample-vnf'],
    nestedNsdIds: [],
    pnfdIds: [],
    virtualLinks: [{ id: 'mgmt', management: true }],
    saps: [],
    flavours: [
      {
        id: 'default',
        vnfProfiles: [profile('a'), profile('b'), profile('c')],
        levels: [
          { id: 'all', description: '', vnfCounts: { a: 1, b: 1, c: 1 } },
          { id: 'single', description: '', vnfCounts: { a: 1, b: 0, c: 0 } },
        ],
        defaultLevelId: 'all',
        scalingAspects: [
          { id: 'more-c', name: 'more-c', maxLevel: 2, levels: [1, 2, 3].map((c) => ({ vnfCounts: { c } })) },
        ],
        affinityGroups: [],
        dependencies: [],
      },
    ],
  };
}

export function sampleCatalog(ns: NsModel = sampleNs(), vnf: VnfModel = sampleVnf()): CatalogModels {
  const nsd = { id: id('nsd-1'), nsdId: ns.nsdId, revision: 1, operationalState: 'ENABLED' } as unknown as NsdInfo;
  const vnfPackage = { id: id('pkg-1'), vnfdId: vnf.vnfdId, revision: 1 } as unknown as VnfPackage;
  return {
    resolveNsd: async () => nsd,
    nsModel: async () => ({ model: ns, document: {} }),
    vnfModel: async () => ({ model: vnf, document: {}, texts: {} }),
    resolveVnfd: async () => vnfPackage,
  };
}
