import { SkerryError } from '#shared/errors/index.ts';

/** Strong entity tag (RFC 9110 section 8.8.3) around a revision; characters that a tag may not hold are escaped. */
export function entityTag(revision: string): string {
  return `"${revision.replace(/[^\x21\x23-\x7e]/g, (character) => encodeURIComponent(character))}"`;
}

/** `If-None-Match` on GET: true means 304. Weak comparison. */
export function isNotModified(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header === tag || header.trim() === '*' || listsTag(header, tag, true);
}

/**
 * `If-Match` on a change (RFC 9110 section 13.1.1); absence passes. Strong comparison.
 *
 * @throws PreconditionFailed
 */
export function requireMatch(header: string | undefined, revision: string): void {
  if (header === undefined || header.trim() === '*') return;
  if (listsTag(header, entityTag(revision), false)) return;
  throw new SkerryError('PreconditionFailed', 'The resource has changed since it was read: If-Match does not hold.', {
    remedy: 'Read it again and repeat the change with its new ETag.',
  });
}

function listsTag(header: string, tag: string, weak: boolean): boolean {
  return header.split(',').some((part) => {
    const candidate = part.trim();
    return candidate === tag || (weak && candidate.startsWith('W/') && candidate.slice(2) === tag);
  });
}
