import type { KubeObject } from '../objects/kube-object.ts';
import type { Release } from './unit-record.ts';

export type HookEvent =
  | 'pre-install'
  | 'post-install'
  | 'pre-upgrade'
  | 'post-upgrade'
  | 'pre-rollback'
  | 'post-rollback'
  | 'pre-delete'
  | 'post-delete';

/** A chart's hooks of one event, in the order that Helm gives them: weight, kind, name. */
export function hooksOf(release: Pick<Release, 'hooks'>, event: HookEvent): KubeObject[] {
  return release.hooks
    .filter((hook) => words(hook, 'helm.sh/hook').includes(event))
    .sort((left, right) => weight(left) - weight(right) || (orderText(left) < orderText(right) ? -1 : 1));
}

export type DeletePolicy = 'before-hook-creation' | 'hook-succeeded' | 'hook-failed';

/** Without a word of its author a hook is deleted before it is made again. */
export function hasPolicy(hook: KubeObject, policy: DeletePolicy): boolean {
  const policies = words(hook, 'helm.sh/hook-delete-policy');
  return policies.length === 0 ? policy === 'before-hook-creation' : policies.includes(policy);
}

/** Hooks of other kinds are done as soon as they are made. */
export function runsToItsEnd(hook: Pick<KubeObject, 'kind'>): boolean {
  return hook.kind === 'Job' || hook.kind === 'Pod';
}

function weight(hook: KubeObject): number {
  const value = Number(hook.metadata.annotations?.['helm.sh/hook-weight'] ?? 0);
  return Number.isFinite(value) ? value : 0;
}

function orderText({ kind, metadata }: KubeObject): string {
  return `${runsToItsEnd({ kind }) ? 1 : 0}/${kind}/${metadata.name}`;
}

function words(hook: KubeObject, annotation: string): string[] {
  const text = hook.metadata.annotations?.[annotation] ?? '';
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
