import type { ClusterFacts } from '#shared/connector/index.ts';

/** What a VNF's KDUs ask of the cluster that they run in (OSM's `k8s-cluster`). */
export interface ClusterNeeds {
  versions: string[];
  cni: string[];
  /** Nets that its pods join beside the cluster's own. */
  nets: string[];
}

const multus = 'multus';

/** Why the cluster does not do, in words that complete "not on X: …"; undefined when it does. */
export function clusterRefusal(
  needs: ClusterNeeds,
  cluster: ClusterFacts,
  nets: Readonly<Record<string, string | null>>,
): string | undefined {
  const { version, cni } = cluster;
  if (needs.versions.length > 0 && version !== '' && !needs.versions.some((wanted) => isVersionMet(wanted, version)))
    return `it runs Kubernetes ${version}, the VNF asks for ${needs.versions.join(' or ')}`;
  return cniRefusal(needs.cni, cni) ?? netRefusal(needs.nets, cluster, nets);
}

/** Of the plugins that are named one will do; Multus works beside another and is needed where it is named. */
function cniRefusal(wanted: readonly string[], present: readonly string[]): string | undefined {
  const has = (name: string) => present.some((each) => each.toLowerCase() === name.toLowerCase());
  if (wanted.length === 0 || present.length === 0) return undefined;
  const primary = wanted.filter((name) => name.toLowerCase() !== multus);
  const isMet = primary.length === 0 || primary.some(has);
  if (isMet && (primary.length === wanted.length || has(multus))) return undefined;
  return `its network plugins are ${present.join(', ')}, the VNF asks for ${wanted.join(', ')}`;
}

function netRefusal(
  nets: readonly string[],
  cluster: ClusterFacts,
  mapped: Readonly<Record<string, string | null>>,
): string | undefined {
  if (cluster.cni.includes(multus)) return undefined;
  const net = nets.find((name) => !Object.hasOwn(mapped, name));
  if (net === undefined) return undefined;
  return `net ${net} of the VNF is not mapped in its settings (nets), and without Multus it cannot be made there`;
}

const term = /(>=|<=|>|<|==?|~|\^)?\s*v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?(?:[-+][\w.+-]*)?[\s,]*/y;

interface VersionTerm {
  operator: string;
  numbers: number[];
}

/**
 * True when a cluster of version `actual` (`1.35.4`) is what a descriptor means by `wanted`: `1.35` and `1.35.2` any patch of 1.35,
 * ranges (`>=1.30`, `>=1.30 <1.36`, `^1.30`) what they say. What is no version must be the very text, as OSM has it.
 */
export function isVersionMet(wanted: string, actual: string): boolean {
  const terms = parseTerms(wanted);
  const [present] = parseTerms(actual) ?? [];
  if (terms === undefined || present === undefined) return wanted.trim() === actual.trim();
  return terms.every((each) => isTermMet(each, present.numbers));
}

function parseTerms(text: string): VersionTerm[] | undefined {
  const terms: VersionTerm[] = [];
  const trimmed = text.trim().slice(0, 200);
  term.lastIndex = 0;
  for (let at = 0; at < trimmed.length; at = term.lastIndex) {
    term.lastIndex = at;
    const match = term.exec(trimmed);
    if (match === null) return undefined;
    const numbers = match
      .slice(2, 5)
      .flatMap((part) => (part === undefined || !/^\d+$/.test(part) ? [] : [Number(part)]));
    terms.push({ operator: match[1] ?? '=', numbers });
  }
  return terms.length === 0 ? undefined : terms;
}

function isTermMet({ operator, numbers }: VersionTerm, present: readonly number[]): boolean {
  const order = compare(present, numbers);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && present[0] === numbers[0];
    default:
      return compare(present, numbers.slice(0, 2)) === 0;
  }
}

/** By as many numbers as the second one has: `1.35.4` against `1.35` is equal. */
function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of right.entries()) {
    const difference = (left[index] ?? 0) - number;
    if (difference !== 0) return difference;
  }
  return 0;
}
