import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ApiResource, KubeObject } from '../objects/kube-object.ts';
import { resourcePath } from './api-resources.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

/** What is listed and watched. */
export interface Selection {
  resource: ApiResource;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

interface ListBody {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

export interface Page {
  /** Of the whole list: the same on every page. */
  version: string;
  items: KubeObject[];
}

const pageSize = 250;
const maxPages = 10_000;

/**
 * A consistent list in pages, so that never more than one page is held.
 * @throws SkerryError as a request; PlatformRefused with status 410 when the pages have expired: list anew
 */
export async function* readList(api: KubernetesApi, selection: Selection, signal: AbortSignal): AsyncGenerator<Page> {
  const { resource } = selection;
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { body } = await api.request<ListBody>({
      method: 'GET',
      path: selectionPath(selection),
      query: { ...selectionQuery(selection), limit: String(pageSize), continue: next },
      signal,
    });
    const version = body?.metadata?.resourceVersion;
    if (typeof version !== 'string' || version === '')
      throw new SkerryError(
        'PlatformUnavailable',
        `${api.server} answers a list of ${resource.plural} without a version.`,
      );
    const items = Array.isArray(body.items) ? body.items : [];
    for (const item of items) {
      // Items of a list do not say again what they are.
      item.apiVersion ??= resource.apiVersion;
      item.kind ??= resource.kind;
    }
    yield { version, items };
    next = body.metadata?.continue;
    if (next === undefined || next === '') return;
  }
  throw new SkerryError('PlatformRefused', `The list of ${resource.plural} does not end.`);
}

export function selectionPath({ resource, namespace }: Selection): string {
  return resourcePath(resource, namespace);
}

export function selectionQuery({ labelSelector, fieldSelector }: Selection): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

/** The version that was asked for is not kept any more. */
export function isExpired(error: unknown): boolean {
  return isSkerryError(error) && error.details['status'] === 410;
}
