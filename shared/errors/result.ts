/** What pure code returns instead of throwing. */
export type Result<T, E = import('./skerry-error.ts').SkerryError> = { ok: true; value: T } | { ok: false; error: E };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function fail<E>(error: E): { ok: false; error: E } {
  return { ok: false, error };
}
