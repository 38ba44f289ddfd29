import type { StoredDocument } from './backing.ts';

/** Decoded documents, least recently used out first, bounded by the size of their JSON text. */
export class DocumentCache {
  #maxBytes: number;
  #bytes = 0;
  #documents = new Map<string, { document: StoredDocument; bytes: number }>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): StoredDocument | undefined {
    const cached = this.#documents.get(key);
    if (cached === undefined) return undefined;
    // A Map iterates in insertion order: putting it back makes it the youngest.
    this.#documents.delete(key);
    this.#documents.set(key, cached);
    return cached.document;
  }

  set(key: string, document: StoredDocument, jsonLength: number): void {
    this.delete(key);
    const bytes = jsonLength + key.length;
    if (bytes > this.#maxBytes) return;
    this.#documents.set(key, { document, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#documents) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#documents.delete(oldest);
      this.#bytes -= freed;
    }
  }

  delete(key: string): void {
    const cached = this.#documents.get(key);
    if (cached === undefined) return;
    this.#documents.delete(key);
    this.#bytes -= cached.bytes;
  }

  clear(): void {
    this.#documents.clear();
    this.#bytes = 0;
  }
}
