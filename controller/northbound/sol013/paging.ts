import { SkerryError } from '#shared/errors/index.ts';

/**
 * Paging of ETSI GS NFV-SOL 013 clause 5.4.2. The marker holds the sort key of the last item shown and nothing else, so that
 * no state is kept and an insert or delete elsewhere never repeats or skips an item.
 */
export function encodeMarker(lastSortKey: string): string {
  return Buffer.from(`1${lastSortKey}`, 'utf8').toString('base64url');
}

/** @throws BadQuery for anything that this server did not make */
export function decodeMarker(marker: string): string {
  const text = marker.length <= 1000 ? Buffer.from(marker, 'base64url').toString('utf8') : '';
  if (!text.startsWith('1') || encodeMarker(text.slice(1)) !== marker) {
    throw new SkerryError('BadQuery', 'nextpage_opaque_marker was not made by this server.', {
      remedy: 'Follow the Link header with rel="next" as it is, or start again without a marker.',
    });
  }
  return text.slice(1);
}

export interface Page<T> {
  items: T[];
  /** Marker of the next page; undefined on the last one. */
  next: string | undefined;
}

/** Items must be sorted by their key, ascending by code unit. */
export function cutPage<T>(
  items: readonly T[],
  sortKey: (item: T) => string,
  options: { after: string | undefined; size: number },
): Page<T> {
  const { after, size } = options;
  const start = after === undefined ? 0 : firstAfter(items, sortKey, after);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const isLast = start + size >= items.length;
  return { items: page, next: isLast || last === undefined ? undefined : encodeMarker(sortKey(last)) };
}

function firstAfter<T>(items: readonly T[], sortKey: (item: T) => string, after: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sortKey(items[middle]!) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Value of the Link header: the request's own URL with the next marker. */
export function nextLink(baseUrl: string, requestPath: string, marker: string): string {
  const url = new URL(requestPath, 'http://unused.invalid');
  const parameters = url.search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !parameter.startsWith('nextpage_opaque_marker='));
  parameters.push(`nextpage_opaque_marker=${marker}`);
  return `<${baseUrl}${url.pathname}?${parameters.join('&')}>; rel="next"`;
}
