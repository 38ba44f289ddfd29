import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { packKubeconfig } from '../kubeconfig/pack-kubeconfig.ts';

/** How an agent comes to its cluster. */
export interface KubernetesAccessOptions {
  kubeconfig?: string;
  kubeconfigOnNode?: string;
  inCluster?: boolean;
  context?: string;
  namespace?: string[];
}

/**
 * Settings of the connector to Kubernetes. Ways that are not taken are null, so that a change takes the former one away.
 * @throws CliError usage
 */
export async function kubernetesSettings(
  context: CliContext,
  options: KubernetesAccessOptions,
): Promise<Record<string, unknown>> {
  const { kubeconfig, kubeconfigOnNode, inCluster } = options;
  const ways = [kubeconfig, kubeconfigOnNode, inCluster].filter((way) => way !== undefined && way !== false);
  if (ways.length > 1)
    throw new CliError(exitCodes.usage, 'there is more than one way to the cluster', `give one: ${allWays}`);
  const namespaces = options.namespace === undefined ? {} : { namespaces: options.namespace };
  const named = options.context === undefined ? {} : { context: options.context };
  const none = { kubeconfig: null, kubeconfigFile: null, inCluster: null, context: null };
  if (kubeconfig !== undefined) {
    const packed = await packKubeconfig(context, kubeconfig, options.context);
    for (const warning of packed.warnings) context.err(`note: ${warning}\n`);
    return { ...none, kubeconfig: packed.text, context: packed.context, ...namespaces };
  }
  if (kubeconfigOnNode !== undefined) {
    if (!kubeconfigOnNode.startsWith('/'))
      throw new CliError(exitCodes.usage, `${kubeconfigOnNode} is no absolute path`, 'say where it is on the node');
    return { ...none, kubeconfigFile: kubeconfigOnNode, ...named, ...namespaces };
  }
  if (inCluster) {
    if (options.context !== undefined)
      throw new CliError(exitCodes.usage, 'inside the cluster there is no context', 'leave --context out');
    return { ...none, inCluster: true, ...namespaces };
  }
  return { ...named, ...namespaces };
}

export const allWays = '--kubeconfig FILE, --kubeconfig-on-node PATH or --in-cluster';

/** A new infra has nothing to take away. */
export function withoutNulls(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}
