import { SkerryError } from '#shared/errors/index.ts';
import type { StoredChart } from '#shared/model/charts.ts';
import { type ApplicationContent, type ApplicationRequest, clusterLimits } from '#shared/model/clusters.ts';
import type { JsonObject } from '#shared/model/json.ts';

/** Kubernetes' limit on namespaces (a DNS label), and Helm's on release names. */
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const releasePattern = /^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$/;
const systemNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/**
 * A request → what is kept. `stored`: what its chart turned out to be, when anybody here knows it. Pure.
 *
 * @throws Unprocessable, TooLarge
 */
export function parseApplication(name: string, request: ApplicationRequest, stored?: StoredChart): ApplicationContent {
  const { namespace = name, releaseName = name, timeoutS, order = 0 } = request;
  check(
    releasePattern.test(name),
    `${name} is no name of an application`,
    'Use up to 53 small letters, digits and dashes.',
  );
  check(
    releasePattern.test(releaseName),
    `${releaseName} is no name of a release`,
    'Use up to 53 small letters, digits and dashes.',
  );
  check(
    namespacePattern.test(namespace),
    `${namespace} is no name of a namespace`,
    'Use up to 63 small letters, digits and dashes.',
  );
  check(!systemNamespaces.has(namespace), `${namespace} belongs to the cluster itself`, 'Choose another namespace.');
  check(
    (request.chart === undefined) !== (request.manifests === undefined),
    `Application ${name} needs a chart or manifests, and not both`,
    'Give `chart`, or `manifests`.',
  );
  const content: ApplicationContent = {
    namespace,
    releaseName,
    order,
    ...(timeoutS === undefined ? {} : { timeoutS }),
    ...(request.manifests === undefined ? chartContent(request, stored) : manifestContent(name, request.manifests)),
  };
  const bytes = bytesOf(content);
  if (bytes > clusterLimits.applicationBytes)
    throw new SkerryError('TooLarge', `Application ${name} has ${bytes} bytes of ${clusterLimits.applicationBytes}`, {
      remedy: 'Make its values or manifests smaller, or put them into a chart.',
    });
  return content;
}

export function bytesOf(content: ApplicationContent): number {
  return Buffer.byteLength(JSON.stringify(content));
}

type Made = Pick<
  ApplicationContent,
  'kind' | 'chart' | 'repository' | 'version' | 'appVersion' | 'digest' | 'values' | 'manifests'
>;

function chartContent(request: ApplicationRequest, stored: StoredChart | undefined): Made {
  const { chart, repository, values } = request;
  const version = stored?.version || request.version;
  return {
    kind: stored?.kind === 'folder' ? 'manifests' : 'helm-release',
    chart,
    ...(repository === undefined ? {} : { repository }),
    ...(version === undefined ? {} : { version }),
    ...(stored?.appVersion ? { appVersion: stored.appVersion } : {}),
    ...(stored === undefined ? {} : { digest: stored.digest }),
    ...(stored?.kind === 'folder' ? {} : { values: values ?? {} }),
  };
}

function manifestContent(name: string, manifests: JsonObject[]): Made {
  manifests.forEach((object, index) => {
    const metadata = object['metadata'];
    const isNamed = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) && metadata['name'];
    check(
      Boolean(object['apiVersion'] && object['kind'] && isNamed),
      `Manifest ${index + 1} of ${name} is no Kubernetes object`,
      'Give each apiVersion, kind and metadata.name.',
    );
  });
  check(manifests.length > 0, `Application ${name} has no manifests`, 'Give at least one object.');
  return { kind: 'manifests', manifests };
}

function check(isGood: boolean, message: string, remedy: string): void {
  if (!isGood) throw new SkerryError('Unprocessable', message, { remedy });
}
