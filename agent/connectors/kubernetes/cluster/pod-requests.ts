import type { Resources } from '#shared/connector/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isMembers, itemsAt, membersAt, textAt, valueAt } from '../objects/read-member.ts';
import { amountsOf, largestOf, sumOf } from './amounts.ts';

/** What one pod holds of a node; small, as there is one for every pod of a cluster. */
export interface PodRequests extends Resources {
  node: string;
}

/**
 * What the scheduler has set aside for a pod; undefined while it is on no node, and once it has ended. Init containers run
 * one after the other before the rest; those that are restarted (sidecars) keep running beside everything that follows.
 */
export function podRequests(pod: KubeObject): PodRequests | undefined {
  const node = textAt(pod, 'spec', 'nodeName');
  const phase = textAt(pod, 'status', 'phase');
  if (node === undefined || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const containers = sumOf(itemsAt(pod, 'spec', 'containers').map(requestsOf));
  let sidecars = sumOf([]);
  let starting = sumOf([]);
  for (const container of itemsAt(pod, 'spec', 'initContainers')) {
    const requests = sumOf([sidecars, requestsOf(container)]);
    if (textAt(container, 'restartPolicy') === 'Always') sidecars = requests;
    starting = largestOf(starting, requests);
  }
  const needed = largestOf(sumOf([containers, sidecars]), starting);
  // A pod may state its sum itself (pod-level resources); it stands for those resources that it names.
  const stated = membersAt(pod, 'spec', 'resources', 'requests');
  const overhead = amountsOf(valueAt(pod, 'spec', 'overhead'));
  return { node, ...sumOf([withStated(needed, stated), overhead]) };
}

function withStated(needed: Resources, stated: Record<string, unknown>): Resources {
  const amounts = amountsOf(stated);
  return {
    vcpus: 'cpu' in stated ? amounts.vcpus : needed.vcpus,
    memoryMib: 'memory' in stated ? amounts.memoryMib : needed.memoryMib,
    storageGib: 'ephemeral-storage' in stated ? amounts.storageGib : needed.storageGib,
  };
}

/** The API server copies limits to requests that are missing, so requests alone tell. */
function requestsOf(container: unknown): Resources {
  const resources = valueAt(container, 'resources');
  return amountsOf(isMembers(resources) ? resources['requests'] : undefined);
}
