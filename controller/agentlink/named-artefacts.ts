import { stat } from 'node:fs/promises';
import type { Digest } from '#shared/model/ids.ts';
import { id } from '#shared/model/ids.ts';
import type { IntentObject } from '#shared/wire/frames.ts';
import type { LinkedIntentBook } from '../intent-book/index.ts';
import type { LinkPeer } from './create-agent-link.ts';

/** Members of a unit's spec that name a stored file. */
const namingMembers = ['chartDigest', 'folderDigest', 'packageDigest'] as const;

/**
 * Which stored files an agent may fetch: those that its own intent names at present. Gives the path; undefined when the file is
 * not named, or not there.
 */
export function namedArtefacts(
  book: () => Pick<LinkedIntentBook, 'snapshot'>,
  pathOf: (digest: Digest) => Promise<string | undefined>,
): (digest: string, peer: LinkPeer) => Promise<string | undefined> {
  return async (digest, { agentId }) => {
    const { objects } = await book().snapshot(agentId);
    if (!objects.some((object) => isNaming(object, digest))) return undefined;
    const path = await pathOf(id<Digest>(digest));
    if (path === undefined) return undefined;
    return stat(path).then(
      (found) => (found.isFile() ? path : undefined),
      () => undefined,
    );
  };
}

function isNaming({ body }: IntentObject, digest: string): boolean {
  if (body.type !== 'unit') return false;
  return namingMembers.some((member) => body.spec[member] === digest) || isImage(body.spec['images'], digest);
}

function isImage(images: unknown, digest: string): boolean {
  return Array.isArray(images) && images.some((image: { digest?: unknown } | null) => image?.digest === digest);
}
