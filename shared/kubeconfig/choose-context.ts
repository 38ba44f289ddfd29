import type { Place } from './kubeconfig-place.ts';

/** One context of a kubeconfig with what it names. */
export interface ChosenContext {
  name: string;
  context: Place;
  cluster: Place;
  user: Place | undefined;
}

/** @throws Complaint about what is missing, with the names that there are */
export function chooseContext(root: Place, wanted?: string): ChosenContext {
  const kind = root.at('kind').text();
  if (kind !== undefined && kind !== 'Config')
    throw root.at('kind').complaint('is not Config', 'give the file that kubectl uses');
  const name = wanted ?? root.at('current-context').text();
  const contexts = root.at('contexts').named();
  if (name === undefined)
    throw root
      .at('current-context')
      .complaint('is not set', `name a context: ${list(contexts)}, or run \`kubectl config use-context\``);
  const context = contexts.get(name)?.at('context');
  if (context === undefined)
    throw root.at('contexts').complaint(`holds no context ${quoted(name)}`, `use one of ${list(contexts)}`);
  const cluster = find(root, context, 'cluster');
  if (cluster === undefined)
    throw context.at('cluster').complaint('is missing', 'name a cluster, with `kubectl config set-context`');
  return { name, context, cluster, user: find(root, context, 'user') };
}

/** What the context names in `clusters` or `users`. */
function find(root: Place, context: Place, kind: 'cluster' | 'user'): Place | undefined {
  const name = context.at(kind).text();
  if (name === undefined) return undefined;
  const all = root.at(`${kind}s`).named();
  const found = all.get(name)?.at(kind);
  if (found === undefined)
    throw context
      .at(kind)
      .complaint(`names ${quoted(name)}, which is not in ${kind}s`, `use one of ${list(all)}, or export the file anew`);
  return found;
}

function list(names: ReadonlyMap<string, Place>): string {
  return names.size === 0 ? '(there is none)' : [...names.keys()].slice(0, 20).map(quoted).join(', ');
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
