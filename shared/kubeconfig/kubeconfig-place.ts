/** What is wrong, where, and what to do; becomes a SkerryError at the edge of the parser. */
export class Complaint extends Error {
  readonly path: string;
  /** The rest of a sentence that begins with the place. */
  readonly words: string;
  readonly remedy: string | undefined;

  constructor(path: string, words: string, remedy?: string) {
    super(`${path} ${words}`);
    this.path = path;
    this.words = words;
    this.remedy = remedy;
  }
}

const maxEntries = 1000;
const maxTextLength = 262_144;

/** A value in the file and the way to it. */
export class Place {
  readonly path: string;
  readonly #value: unknown;

  constructor(path: string, value: unknown) {
    this.path = path;
    this.#value = value;
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** As it is in the file, unchecked. */
  get value(): unknown {
    return this.#value;
  }

  complaint(words: string, remedy?: string): Complaint {
    return new Complaint(this.path, words, remedy);
  }

  at(member: string): Place {
    const path = this.path === '' ? member : `${this.path}.${member}`;
    if (!this.isThere) return new Place(path, undefined);
    if (typeof this.#value !== 'object' || Array.isArray(this.#value)) throw this.complaint('is no mapping');
    const isOwn = Object.hasOwn(this.#value as object, member);
    return new Place(path, isOwn ? (this.#value as Record<string, unknown>)[member] : undefined);
  }

  /** Absent, null and empty are the same, as kubectl has it. */
  text(): string | undefined {
    if (!this.isThere || this.#value === '') return undefined;
    if (typeof this.#value !== 'string') throw this.complaint('is no text', 'put it in quotes');
    if (this.#value.length > maxTextLength) throw this.complaint(`is longer than ${maxTextLength} characters`);
    return this.#value;
  }

  flag(): boolean {
    if (!this.isThere) return false;
    if (typeof this.#value !== 'boolean') throw this.complaint('is neither true nor false');
    return this.#value;
  }

  items(): Place[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.#value)) throw this.complaint('is no list');
    if (this.#value.length > maxEntries) throw this.complaint(`has more than ${maxEntries} entries`);
    return this.#value.map((value, index) => new Place(`${this.path}[${index}]`, value));
  }

  /** Entries of a list by their `name`; the first of a name counts, as kubectl has it. */
  named(): Map<string, Place> {
    const found = new Map<string, Place>();
    for (const item of this.items()) {
      const name = item.at('name').text();
      if (name !== undefined && !found.has(name)) found.set(name, item);
    }
    return found;
  }
}

export function rootPlace(value: unknown): Place {
  const place = new Place('', value);
  if (!place.isThere) throw place.complaint('is empty', 'give the file that kubectl uses');
  return place;
}
