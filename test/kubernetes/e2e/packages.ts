import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { webTemplates, webValues } from '../charts.ts';

export interface KnfDescription {
  id: string;
  /** Of OSM's augments; `helm-chart` and `manifests` name folders of `files`. */
  kdu: { name: string; 'helm-chart'?: string; manifests?: string };
  /** Of the package, by path. */
  files: Record<string, string>;
  /** Workload whose replicas are scaled, from one to four. */
  scaled?: string;
}

/** A chart's files, as a package holds them. */
export function chartFiles(name: string, templates: Record<string, string>, values = ''): Record<string, string> {
  const root = `helm-charts/${name}`;
  const inTemplates = Object.entries(templates).map(([file, text]) => [`${root}/templates/${file}`, text]);
  return {
    [`${root}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\nappVersion: '1.0'\n`,
    [`${root}/values.yaml`]: values,
    ...Object.fromEntries(inTemplates),
  };
}

/** A web server that answers with `greeting`; Deployment and Service are called `web`, whatever the release is. */
export function webChart(more: Record<string, string> = {}): Record<string, string> {
  const named = Object.entries(webTemplates).map(([file, text]) => [
    file,
    text.replaceAll('{{ .Release.Name }}', 'web'),
  ]);
  return chartFiles('web', { ...Object.fromEntries(named), ...more }, webValues());
}

/** @returns the package's folder */
export function writeKnf(parent: string, { id, kdu, files, scaled }: KnfDescription): string {
  const flavour = { id: 'default', ...(scaled === undefined ? {} : scaling(kdu.name, scaled)) };
  const vnfd = {
    id,
    'product-name': id,
    provider: 'Skerry',
    version: '1.0',
    'mgmt-cp': 'mgmt-ext',
    'ext-cpd': [
      { id: 'mgmt-ext', 'k8s-cluster-net': 'mgmtnet' },
      { id: 'data-ext', 'k8s-cluster-net': 'datanet' },
    ],
    'k8s-cluster': { nets: [{ id: 'mgmtnet' }, { id: 'datanet' }] },
    kdu: [{ ...kdu, service: [{ name: 'web', 'external-connection-point-ref': 'mgmt-ext', 'mgmt-service': true }] }],
    df: [flavour],
  };
  return writePackage(parent, id, { ...files, [`${id}_vnfd.yaml`]: JSON.stringify({ vnfd }, null, 2) });
}

function scaling(kduName: string, resource: string): object {
  const delta = { id: 'one-more', 'kdu-resource-delta': [{ id: 'replicas', 'number-of-instances': 1 }] };
  return {
    'kdu-resource-profile': [
      {
        id: 'replicas',
        'kdu-name': kduName,
        'resource-name': resource,
        'min-number-of-instances': 1,
        'max-number-of-instances': 4,
      },
    ],
    'scaling-aspect': [
      {
        id: 'load',
        name: 'load',
        'max-scale-level': 3,
        'aspect-delta-details': { deltas: [delta] },
      },
    ],
  };
}

export interface NsDescription {
  id: string;
  /** VNFD by the id of its profile. */
  profiles: Record<string, string>;
  /** Subnet of a second virtual link that every VNF joins. */
  dataCidr?: string;
  /** Of VNFDs that do not call it `default`. */
  flavours?: Record<string, string>;
}

/** @returns the package's folder */
export function writeNs(parent: string, { id, profiles, dataCidr, flavours = {} }: NsDescription): string {
  const links = dataCidr === undefined ? ['mgmt'] : ['mgmt', 'data'];
  const data = {
    id: 'data',
    'virtual-link-desc-id': 'data',
    'virtual-link-protocol-data': { 'l3-protocol-data': { 'ip-version': 'ipv4', cidr: dataCidr } },
  };
  const nsd = {
    id,
    name: id,
    designer: 'Skerry',
    version: '1.0',
    'vnfd-id': [...new Set(Object.values(profiles))],
    'virtual-link-desc': links.map((link) => ({ id: link, 'mgmt-network': link === 'mgmt' })),
    df: [
      {
        id: 'default',
        'vnf-profile': Object.entries(profiles).map(([profile, vnfdId]) => ({
          id: profile,
          'vnfd-id': vnfdId,
          'flavour-id': flavours[vnfdId] ?? 'default',
          'virtual-link-connectivity': links.map((link) => ({
            'virtual-link-profile-id': link,
            'constituent-cpd-id': [{ 'constituent-base-element-id': profile, 'constituent-cpd-id': `${link}-ext` }],
          })),
        })),
        ...(dataCidr === undefined ? {} : { 'virtual-link-profile': [data] }),
      },
    ],
  };
  return writePackage(parent, id, { [`${id}_nsd.yaml`]: JSON.stringify({ nsd: { nsd: [nsd] } }, null, 2) });
}

function writePackage(parent: string, id: string, files: Record<string, string>): string {
  const folder = path.join(parent, id);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}
