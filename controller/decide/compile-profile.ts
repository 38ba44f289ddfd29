import type { HelmReleaseSpec, ManifestsSpec, WorkloadSpec } from '#shared/connector/index.ts';
import type { Application, Attachment } from '#shared/model/clusters.ts';
import { id, type ObjectKey } from '#shared/model/ids.ts';
import { uuidV5 } from '#shared/wire/digest.ts';
import { type NewObject, unitObject } from './new-object.ts';
import { profileScope } from './profile-scope.ts';

/** Namespace of the keys of applications' units (RFC 9562, version 5). */
const keySpace = '5b0d7c36-1f9e-5a04-8f57-9d1c6c3f2a18';

type Place = Pick<Attachment, 'id' | 'profileId' | 'infraId' | 'seeds' | 'attempts' | 'adopts'>;

/** Same application at the same attachment, same key; never that of one that was removed, for both ids are drawn once. */
export function applicationKey(place: Pick<Place, 'id' | 'seeds'>, application: Application): ObjectKey {
  const seed = place.seeds?.[application.id] ?? place.id;
  return id<ObjectKey>(`${application.kind}/${uuidV5(keySpace, `${seed}/${application.id}`)}`);
}

/** A profile's applications at one cluster → intent objects. Pure. */
export function compileProfile(applications: readonly Application[], place: Place): NewObject[] {
  const scope = profileScope(place);
  return applications.map((application) => {
    const frame = {
      key: applicationKey(place, application),
      infraId: place.infraId,
      dependsOn: keysBefore(applications, application, place),
    };
    const attempt = place.attempts?.[application.id];
    return application.kind === 'helm-release'
      ? unitObject(scope, { ...frame, kind: 'helm-release', spec: helmSpec(application, place) }, attempt)
      : unitObject(scope, { ...frame, kind: 'manifests', spec: manifestsSpec(application, place) }, attempt);
  });
}

/** Those of the next lower order: they stand on the ones below themselves. */
function keysBefore(applications: readonly Application[], { order }: Application, place: Place): ObjectKey[] {
  const lower = applications.filter((other) => other.order < order);
  const next = Math.max(...lower.map((other) => other.order));
  return lower.filter((other) => other.order === next).map((other) => applicationKey(place, other));
}

function workload({ id: applicationId, releaseName, namespace, timeoutS }: Application, place: Place): WorkloadSpec {
  const adopts = place.adopts?.[applicationId];
  return {
    name: releaseName,
    namespace,
    replicas: {},
    services: [],
    ...(adopts === undefined ? {} : { adopts }),
    ...(timeoutS === undefined ? {} : { timeoutS }),
  };
}

function helmSpec(application: Application, place: Place): HelmReleaseSpec {
  const { chart = '', repository, version, digest, values = {} } = application;
  return {
    ...workload(application, place),
    chart,
    values,
    ...(repository === undefined ? {} : { repository }),
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { chartDigest: digest }),
  };
}

function manifestsSpec(application: Application, place: Place): ManifestsSpec {
  const { manifests, digest } = application;
  return {
    ...workload(application, place),
    ...(manifests === undefined ? {} : { objects: manifests }),
    ...(digest === undefined ? {} : { folderDigest: digest }),
  };
}
