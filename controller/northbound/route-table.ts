/** Which methods each path takes, to tell 405 (with Allow) from 404 (RFC 9110 section 15.5.6). */
export class RouteTable {
  readonly #patterns = new Map<string, { segments: string[]; methods: Set<string> }>();

  add(pattern: string, method: string | string[]): void {
    const known = this.#patterns.get(pattern) ?? { segments: split(pattern), methods: new Set<string>() };
    for (const name of [method].flat()) known.methods.add(name);
    this.#patterns.set(pattern, known);
  }

  /** Methods of the path, sorted; empty when there is no such path. */
  allowed(path: string): string[] {
    const segments = split(path);
    const methods = new Set<string>();
    for (const pattern of this.#patterns.values()) {
      if (fits(pattern.segments, segments)) for (const method of pattern.methods) methods.add(method);
    }
    return [...methods].sort();
  }
}

function split(path: string): string[] {
  return path.replace(/\/+$/, '').split('/');
}

function fits(pattern: readonly string[], path: readonly string[]): boolean {
  for (const [index, segment] of pattern.entries()) {
    if (segment === '*') return path.length > index;
    const actual = path[index];
    if (actual === undefined) return false;
    if (!segment.startsWith(':') && segment !== actual) return false;
    if (segment.startsWith(':') && actual === '') return false;
  }
  return pattern.length === path.length;
}
