import { isSkerryError } from '#shared/errors/index.ts';

const attempts = 20;

/** Reads, decides and commits again while somebody else was first. */
export async function retryConflicts<T>(decideAndCommit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await decideAndCommit();
    } catch (error) {
      if (!isSkerryError(error) || error.code !== 'RevisionConflict' || attempt >= attempts) throw error;
    }
  }
}
