import { CliError, exitCodes } from './exit-codes.ts';

/** Finds one thing by id, by name, or by the beginning of its id. @throws CliError notFound, or usage with the candidates */
export function resolveOne<T extends { id: string }>(
  noun: string,
  things: readonly T[],
  wanted: string,
  namesOf: (thing: T) => readonly (string | undefined)[],
): T {
  const byId = things.find((thing) => thing.id === wanted);
  if (byId !== undefined) return byId;
  const named = things.filter((thing) => namesOf(thing).includes(wanted));
  const found = named.length > 0 || wanted.length < 4 ? named : things.filter((thing) => thing.id.startsWith(wanted));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const describe = (thing: T) => `${thing.id} (${namesOf(thing).find((name) => name) ?? 'no name'})`;
  if (found.length > 1) {
    throw new CliError(
      exitCodes.usage,
      `${wanted} may be any of ${found.length} ${noun}s: ${found.map(describe).join(', ')}`,
      'give its id',
    );
  }
  const names = things.map((thing) => namesOf(thing).find((name) => name) ?? thing.id).slice(0, 10);
  throw new CliError(
    exitCodes.notFound,
    `there is no ${noun} ${wanted}`,
    names.length === 0 ? `there are no ${noun}s yet` : `there are: ${names.join(', ')}`,
  );
}
