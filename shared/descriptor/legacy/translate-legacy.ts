import type { DescriptorKind } from '../parsed-descriptor.ts';
import type { Reading } from '../reading/reading.ts';
import type { MapNode } from '../text/located-node.ts';
import { asReleaseEight } from './early-releases.ts';
import { LegacyNsd } from './legacy-nsd.ts';
import { LegacyVnfd } from './legacy-vnfd.ts';

/**
 * OSM's model before SOL006 (vnfd-catalog, nsd-catalog; up to Release 8) as a SOL006 text tree. Every value keeps its place in
 * the legacy text, so that complaints point there; each change is a line of the report.
 */
export function translateLegacy(kind: DescriptorKind, node: MapNode, reading: Reading, path: string): MapNode {
  const later = asReleaseEight(node, reading);
  if (kind === 'vnfd') return new LegacyVnfd(later, reading, path).translate();
  if (kind === 'nsd') return new LegacyNsd(later, reading, path).translate();
  return node;
}
