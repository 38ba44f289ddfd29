import { fail, SkerryError } from '#shared/errors/index.ts';

/** A request that does not fit its descriptor; `path` says which member of the request or descriptor. */
export function unprocessable(message: string, path: string, remedy?: string): { ok: false; error: SkerryError } {
  return fail(new SkerryError('Unprocessable', message, { details: { path }, remedy }));
}
