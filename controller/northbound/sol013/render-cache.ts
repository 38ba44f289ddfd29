import { select } from './attribute-selector.ts';
import { entityTag } from './entity-tag.ts';
import type { Resource } from './resource.ts';

export interface RenderedText {
  tag: string;
  /** The whole representation as JSON in UTF-8. Bytes, because a text would be encoded anew for every answer. */
  full(): Buffer;
  /** The same as a text: alone in an answer it is written together with the head, in one piece. */
  fullText(): string;
  /** The representation without its default exclude set. */
  brief(): Buffer;
}

interface CachedText extends RenderedText {
  view: unknown;
  revision: string;
  baseUrl: string;
  bytes: number;
}

/** JSON texts of representations by type, id and revision: a resource that did not change is rendered once. */
export class RenderCache {
  readonly #texts = new Map<string, CachedText>();
  readonly #maximumBytes: number;
  #bytes = 0;

  constructor(maximumBytes = 16 * 1024 * 1024) {
    this.#maximumBytes = maximumBytes;
  }

  text<View>(resource: Resource<View>, view: View, baseUrl: string): RenderedText {
    const key = `${resource.name} ${resource.id(view)}`;
    const cached = this.#texts.get(key);
    if (cached !== undefined && cached.view === view && cached.baseUrl === baseUrl) return cached;
    const revision = resource.revision(view);
    if (cached !== undefined && cached.revision === revision && cached.baseUrl === baseUrl) {
      cached.view = view;
      return cached;
    }
    if (cached !== undefined) this.#drop(key, cached);
    const fresh = this.#entry(key, { resource, view, baseUrl, revision });
    this.#texts.set(key, fresh);
    return fresh;
  }

  #entry<View>(
    key: string,
    { resource, view, baseUrl, revision }: { resource: Resource<View>; view: View; baseUrl: string; revision: string },
  ): CachedText {
    let full: Buffer | undefined;
    let fullText: string | undefined;
    let brief: Buffer | undefined;
    const grow = <Text extends Buffer | string>(text: Text): Text => {
      if (this.#texts.get(key) === entry) {
        entry.bytes += text.length;
        this.#bytes += text.length;
        this.#evict(key);
      }
      return text;
    };
    const entry: CachedText = {
      view,
      revision,
      baseUrl,
      bytes: 0,
      tag: entityTag(revision),
      full() {
        full ??= grow(Buffer.from(JSON.stringify(resource.render(view, baseUrl))));
        return full;
      },
      fullText() {
        fullText ??= grow(JSON.stringify(resource.render(view, baseUrl)));
        return fullText;
      },
      brief() {
        const shown = () => select(resource.render(view, baseUrl), { kind: 'default' }, resource);
        brief ??= grow(Buffer.from(JSON.stringify(shown())));
        return brief;
      },
    };
    return entry;
  }

  /** Oldest first; never the one just made. */
  #evict(present: string): void {
    for (const [key, entry] of this.#texts) {
      if (this.#bytes <= this.#maximumBytes) return;
      if (key !== present) this.#drop(key, entry);
    }
  }

  #drop(key: string, entry: CachedText): void {
    this.#texts.delete(key);
    this.#bytes -= entry.bytes;
  }
}
