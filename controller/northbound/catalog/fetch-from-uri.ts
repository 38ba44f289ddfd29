import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import path from 'node:path';
import { Agent, request } from 'undici';
import { SkerryError } from '#shared/errors/index.ts';
import { isPrivateAddress } from '#shared/runtime/private-address.ts';
import type { Upload, UploadedFile } from '../../catalog/catalog.ts';
import { writeLimited } from './receive-upload.ts';

export interface FetchPolicy {
  /** Loopback, link-local and private networks are refused unless this is set: the controller would be a way into them. */
  mayReachPrivateAddresses: boolean;
  timeoutMs: number;
}

export const defaultFetchPolicy: FetchPolicy = { mayReachPrivateAddresses: false, timeoutMs: 10 * 60_000 };
const maxRedirects = 5;

/** @throws BadRequest, Unprocessable for addresses that are never fetched */
export function requireFetchable(address: string, policy: FetchPolicy): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new SkerryError('BadRequest', 'The address is not an http or https URL without credentials', {
      remedy: 'give a URL that the controller can fetch',
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !policy.mayReachPrivateAddresses && isPrivateAddress(host)) throw privateAddress(host);
  return url;
}

/**
 * Fetches a package to the upload's file (ETSI GS NFV-SOL 005 clause 9.4.6). Redirects are followed to http and https only,
 * and the address that a name leads to is checked at connect time, so that a name cannot change between check and use.
 */
export async function fetchFromUri(
  address: string,
  upload: Upload,
  policy: FetchPolicy,
  signal: AbortSignal,
): Promise<UploadedFile> {
  const agent = new Agent({ connect: { lookup: guardedLookup(policy) as never, timeout: 10_000 } });
  const limited = AbortSignal.any([signal, AbortSignal.timeout(policy.timeoutMs)]);
  try {
    let url = requireFetchable(address, policy);
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await request(url, { dispatcher: agent, signal: limited });
      const location = response.headers['location'];
      if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
        await response.body.dump();
        url = requireFetchable(new URL(location, url).href, policy);
        continue;
      }
      if (response.statusCode !== 200) throw answered(url, response.statusCode);
      const { facts } = await writeLimited(response.body, upload);
      const contentType = String(response.headers['content-type'] ?? 'application/octet-stream').split(';', 1)[0]!;
      return { path: upload.path, fileName: path.posix.basename(url.pathname) || 'package', contentType, ...facts };
    }
    throw new SkerryError('Unprocessable', `${address} redirects more than ${maxRedirects} times`);
  } catch (error) {
    if (error instanceof SkerryError) throw error;
    const cause = (error as { cause?: unknown }).cause;
    if (cause instanceof SkerryError) throw cause;
    throw new SkerryError('Unprocessable', `${address} could not be fetched: ${(error as Error).message}`, {
      remedy: 'see whether the controller can reach it, or upload the package itself',
      cause: error,
    });
  } finally {
    await agent.destroy();
  }
}

type LookupCallback = (error: Error | null, address?: unknown, family?: number) => void;

function guardedLookup(policy: FetchPolicy) {
  return (host: string, options: object, callback: LookupCallback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error);
      const refused = policy.mayReachPrivateAddresses
        ? undefined
        : addresses.find(({ address }) => isPrivateAddress(address));
      if (refused !== undefined) return callback(privateAddress(refused.address));
      if ('all' in options && options.all === true) return callback(null, addresses);
      callback(null, addresses[0]?.address, addresses[0]?.family);
    });
  };
}

function privateAddress(address: string): SkerryError {
  return new SkerryError('Unprocessable', `${address} is a private address, which the controller does not fetch from`, {
    remedy: 'upload the package itself, or allow private addresses in the configuration',
  });
}

function answered(url: URL, status: number): SkerryError {
  return new SkerryError('Unprocessable', `${url.origin}${url.pathname} answered ${status}`, {
    remedy: 'give an address that answers 200 with the package',
  });
}
