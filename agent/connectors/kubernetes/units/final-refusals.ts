import { isSkerryError, type SkerryError } from '#shared/errors/index.ts';

/** Refusals by which the server says that what was asked can never be. */
const codes = new Set(['PlatformRefused', 'Unprocessable', 'BadRequest']);

export function isFinal(error: unknown): error is SkerryError {
  return isSkerryError(error) && codes.has(error.code);
}
