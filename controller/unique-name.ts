import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Change, Expectation } from '#shared/store/store.ts';
import { keys } from './keys.ts';

/** A document whose existence is the name: two creations at once cannot both have it. */
export function claimName(kind: string, name: string, id: string): { change: Change; expect: Expectation } {
  const key = nameKey(kind, name);
  return { change: { key, value: { id } }, expect: { key, revision: 0 } };
}

export function releaseName(kind: string, name: string): Change {
  return { key: nameKey(kind, name), value: undefined };
}

/** Turns the refused claim into what it means. */
export async function orNameTaken<T>(kind: string, name: string, commit: () => Promise<T>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    const isTaken =
      isSkerryError(error) && error.code === 'RevisionConflict' && error.details['key'] === nameKey(kind, name);
    if (!isTaken) throw error;
    throw new SkerryError('Conflict', `There is a ${kind} named ${name} already`, { remedy: 'Choose another name.' });
  }
}

function nameKey(kind: string, name: string): string {
  return keys.meta(`${kind}-name:${encodeURIComponent(name)}`);
}
