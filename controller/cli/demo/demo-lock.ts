import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { DemoLayout } from './demo-layout.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts';

/** One demo a home. The lock names its process, so that a killed demo's lock is seen to be stale. */
export function lockHome(layout: DemoLayout): () => void {
  mkdirSync(layout.home, { recursive: true, mode: 0o700 });
  const own = identifyProcess(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(layout.lockFile, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return () => rmSync(layout.lockFile, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = lockHolder(layout);
    if (holder !== undefined) {
      throw new CliError(
        exitCodes.conflict,
        `a demo runs on ${layout.home} already (process ${holder.pid})`,
        'see it with `skerry demo status`, stop it with `skerry demo down`, or set SKERRY_HOME and SKERRY_PORT for another',
      );
    }
    rmSync(layout.lockFile, { force: true });
  }
  throw new CliError(exitCodes.conflict, `${layout.lockFile} cannot be taken`, 'another demo is just starting here');
}

/** The running demo of this home, if there is one. */
export function lockHolder(layout: DemoLayout): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(layout.lockFile, 'utf8')) as ProcessIdentity;
    return isAlive(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}
