import { select } from './attribute-selector.ts';
import { entityTag } from './entity-tag.ts';
import type { Resource } from './resource.ts';

export interface RenderedText {
  tag: string;
  /** The whole representation as JSON. */
  full(): string;
  /** The representation without its default exclude set. */
  brief(): string;
}

interface CachedText extends RenderedText {
  revision: string;
  baseUrl: string;
  characters: number;
}

/** JSON texts of representations by type, id and revision: a resource that did not change is rendered once. */
export class RenderCache {
  readonly #texts = new Map<string, CachedText>();
  readonly #maximumCharacters: number;
  #characters = 0;

  constructor(maximumCharacters = 16 * 1024 * 1024) {
    this.#maximumCharacters = maximumCharacters;
  }

  text<View>(resource: Resource<View>, view: View, baseUrl: string): RenderedText {
    const key = `${resource.name} ${resource.id(view)}`;
    const revision = resource.revision(view);
    const cached = this.#texts.get(key);
    if (cached !== undefined && cached.revision === revision && cached.baseUrl === baseUrl) return cached;
    if (cached !== undefined) this.#drop(key, cached);
    const fresh = this.#entry(key, { resource, view, baseUrl, revision });
    this.#texts.set(key, fresh);
    return fresh;
  }

  #entry<View>(
    key: string,
    { resource, view, baseUrl, revision }: { resource: Resource<View>; view: View; baseUrl: string; revision: string },
  ): CachedText {
    let full: string | undefined;
    let brief: string | undefined;
    const grow = (text: string): string => {
      if (this.#texts.get(key) === entry) {
        entry.characters += text.length;
        this.#characters += text.length;
        this.#evict(key);
      }
      return text;
    };
    const entry: CachedText = {
      revision,
      baseUrl,
      characters: 0,
      tag: entityTag(revision),
      full() {
        full ??= grow(JSON.stringify(resource.render(view, baseUrl)));
        return full;
      },
      brief() {
        brief ??= grow(JSON.stringify(select(resource.render(view, baseUrl), { kind: 'default' }, resource)));
        return brief;
      },
    };
    return entry;
  }

  /** Oldest first; never the one just made. */
  #evict(present: string): void {
    for (const [key, entry] of this.#texts) {
      if (this.#characters <= this.#maximumCharacters) return;
      if (key !== present) this.#drop(key, entry);
    }
  }

  #drop(key: string, entry: CachedText): void {
    this.#texts.delete(key);
    this.#characters -= entry.characters;
  }
}
