import type { ComputeSpec } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { textAt } from '../objects/read-member.ts';
import type { Dependencies } from './machine-ports.ts';

export interface MachineDisksAsk {
  /** Of the virtual machine; disks and secrets are named after it. */
  name: string;
  namespace: string;
  /** Setting `machineImages`: a descriptor's image → `{containerDisk}`, `{url}` or `{pvc}`, and `storageClass` for the latter two. */
  images: Readonly<Record<string, JsonObject>>;
  dependencies: Dependencies;
}

export interface MachineDisks {
  disks: JsonObject[];
  volumes: JsonObject[];
  dataVolumeTemplates: JsonObject[];
  secrets: KubeObject[];
}

interface Disk {
  name: string;
  volume: JsonObject;
  template?: JsonObject;
}

type ImageSource = { containerDisk: string } | { source: JsonObject; storageClass?: string };

const defaultRootGib = 10;
/** KubeVirt refuses more inside the object itself. */
const longestInlineBytes = 2048;
/** etcd takes objects of 1.5 MiB, the API server secrets of 1 MiB. */
const longestUserDataBytes = 512 * 1024;
const claimPattern = /^([a-z0-9][-a-z0-9]{0,62}\/)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** A registry's host, a path, and a tag or digest if there is one. */
const imageReference =
  /^(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9.-]+:\d+)(:\d+)?\/[\w./-]+([:@][\w.:-]+)?$/;

/** Disks of a machine, the one that it boots from first, cloud-init last. */
export function machineDisks(spec: ComputeSpec, ask: MachineDisksAsk): Result<MachineDisks> {
  const root = rootDisk(spec, ask);
  if (!root.ok) return root;
  const cloudInit = cloudInitDisk(spec, ask);
  if (!cloudInit.ok) return cloudInit;
  const data = spec.volumes.map((volume, index) => dataDisk(volume, index, ask));
  const all = [root.value, ...data, ...(cloudInit.value.disk === undefined ? [] : [cloudInit.value.disk])];
  return ok({
    disks: all.map(({ name }, index) => ({
      name,
      disk: { bus: 'virtio' },
      ...(index === 0 ? { bootOrder: 1 } : {}),
    })),
    volumes: all.map(({ name, volume }) => ({ name, ...volume })),
    dataVolumeTemplates: all.flatMap(({ template }) => (template === undefined ? [] : [template])),
    secrets: cloudInit.value.secrets,
  });
}

function rootDisk(spec: ComputeSpec, ask: MachineDisksAsk): Result<Disk> {
  const image = imageSource(spec.image, ask);
  if (!image.ok) return image;
  const found = image.value;
  if ('containerDisk' in found) return ok({ name: 'root', volume: { containerDisk: { image: found.containerDisk } } });
  const sizeGib = spec.rootDiskGib > 0 ? spec.rootDiskGib : defaultRootGib;
  return ok(copiedDisk('root', { name: ask.name, sizeGib, ...found }));
}

/** Names for Kubernetes go before the general one; what the settings map goes before what a name looks like. */
function imageSource({ name, alternatives }: ComputeSpec['image'], ask: MachineDisksAsk): Result<ImageSource> {
  const own = alternatives.filter(({ vimType }) => /^kube/i.test(vimType)).map((alternative) => alternative.name);
  const names = [...own, name].filter((each) => each !== '');
  const known = names.find((each) => Object.hasOwn(ask.images, each));
  const setting = known === undefined ? undefined : ask.images[known];
  if (setting !== undefined) return mappedSource(known ?? '', setting, ask.namespace);
  const [first] = names;
  if (first === undefined) return refuse('the descriptor names no image');
  if (first.startsWith('docker://')) return ok({ containerDisk: first.slice('docker://'.length) });
  if (/^https?:\/\//.test(first)) return ok({ source: { http: { url: first } } });
  if (imageReference.test(first)) return ok({ containerDisk: first });
  // A package may name a claim beside its machine; those of other namespaces only the settings may.
  if (!first.includes('/') && claimPattern.test(first)) return ok({ source: claimSource(first, ask.namespace) });
  return refuse(`image ${first} is neither a container disk, an URL nor a volume claim`);
}

function mappedSource(name: string, setting: JsonObject, namespace: string): Result<ImageSource> {
  const [containerDisk, url, pvc] = ['containerDisk', 'url', 'pvc'].map((member) => textAt(setting, member));
  const storageClass = textAt(setting, 'storageClass');
  const more = storageClass === undefined ? {} : { storageClass };
  if (containerDisk !== undefined) return ok({ containerDisk });
  if (url !== undefined && /^https?:\/\//.test(url)) return ok({ source: { http: { url } }, ...more });
  if (pvc !== undefined && claimPattern.test(pvc)) return ok({ source: claimSource(pvc, namespace), ...more });
  return refuse(`machineImages of the infra says of ${name} neither containerDisk, url nor pvc`);
}

/** `name` or `namespace/name`; DataVolumes have a claim of their own name. */
function claimSource(claim: string, namespace: string): JsonObject {
  const slash = claim.indexOf('/');
  return { pvc: { namespace: slash < 0 ? namespace : claim.slice(0, slash), name: claim.slice(slash + 1) } };
}

/** A volume of the machine's own, filled from a source; it goes when the machine goes. */
function copiedDisk(
  disk: string,
  { name, sizeGib, source, storageClass }: { name: string; sizeGib: number; source: JsonObject; storageClass?: string },
): Disk {
  const volumeName = `${name}-${disk}`;
  const storage: JsonObject = {
    resources: { requests: { storage: `${Math.max(1, Math.ceil(sizeGib))}Gi` } },
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
  };
  return {
    name: disk,
    volume: { dataVolume: { name: volumeName } },
    template: { metadata: { name: volumeName }, spec: { source, storage } },
  };
}

/** A volume unit that is a claim already, or an empty volume of the machine's own. */
function dataDisk({ sizeGib, volumeKey }: ComputeSpec['volumes'][number], index: number, ask: MachineDisksAsk): Disk {
  const claimName = volumeKey === undefined ? undefined : textAt(ask.dependencies[volumeKey]?.facts, 'claim');
  const disk = `data${index}`;
  if (claimName !== undefined) return { name: disk, volume: { persistentVolumeClaim: { claimName } } };
  return copiedDisk(disk, { name: ask.name, sizeGib, source: { blank: {} } });
}

function cloudInitDisk(
  { userData, configDrive }: ComputeSpec,
  { name, namespace }: MachineDisksAsk,
): Result<{ disk?: Disk; secrets: KubeObject[] }> {
  if (userData === undefined || userData === '') return ok({ secrets: [] });
  const bytes = Buffer.byteLength(userData);
  if (bytes > longestUserDataBytes)
    return refuse(`its cloud-init has ${bytes} bytes, at most ${longestUserDataBytes} fit`);
  const kind = configDrive ? 'cloudInitConfigDrive' : 'cloudInitNoCloud';
  if (bytes <= longestInlineBytes)
    return ok({ disk: { name: 'cloudinit', volume: { [kind]: { userData } } }, secrets: [] });
  const secretName = `${name}-cloudinit`;
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName, namespace },
    type: 'Opaque',
    data: { userdata: Buffer.from(userData).toString('base64') },
  };
  return ok({
    disk: { name: 'cloudinit', volume: { [kind]: { secretRef: { name: secretName } } } },
    secrets: [secret],
  });
}

function refuse<T>(complaint: string): Result<T> {
  return fail(
    new SkerryError('PlatformRefused', `The virtual machine cannot be made: ${complaint}`, {
      remedy: 'Map the descriptor’s image in the infra’s setting machineImages, or correct the descriptor.',
    }),
  );
}
