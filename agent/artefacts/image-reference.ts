import { SkerryError } from '#shared/errors/index.ts';

/** An image's name without the registry that it stands in: `edge/web:1.2`. */
export interface ImageReference {
  repository: string;
  /** `latest` when the name states none; absent when it states a digest. */
  tag?: string;
  digest?: string;
}

const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Splits a name as container engines do; its registry is left out, because the site has one of its own.
 * @throws SkerryError PlatformRefused for what is no name of an image
 */
export function parseImageReference(text: string): ImageReference {
  const refuse = () =>
    new SkerryError('PlatformRefused', `'${text.slice(0, 120)}' is no name of an image`, {
      remedy: 'name images as registry/path/name:tag in the package',
    });
  if (text.length > 512) throw refuse();
  const [named = '', digest, ...rest] = text.split('@');
  if (rest.length > 0 || (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))) throw refuse();
  const parts = named.split('/');
  if (parts.length > 1 && isHost(parts[0] ?? '')) parts.shift();
  const path = parts.join('/');
  const colon = path.lastIndexOf(':');
  const repository = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (repository.length > 255 || !repositoryPattern.test(repository)) throw refuse();
  if (tag !== undefined && !tagPattern.test(tag)) throw refuse();
  if (digest !== undefined) return { repository, digest, ...(tag === undefined ? {} : { tag }) };
  return { repository, tag: tag ?? 'latest' };
}

function isHost(part: string): boolean {
  return /^[A-Za-z0-9[]/.test(part) && (/[.:]/.test(part) || part === 'localhost');
}
