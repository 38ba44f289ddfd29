import { isSkerryError } from '#shared/errors/index.ts';
import { runProgram } from './run-program.ts';

/**
 * Why Helm cannot be used on this node, as a sentence with its remedy; undefined when it can. Asked until it is there, then no
 * more.
 */
export function findHelm(
  helm: string,
  environment: Record<string, string | undefined>,
): (signal: AbortSignal) => Promise<string | undefined> {
  let isThere = false;
  return async (signal) => {
    if (isThere) return undefined;
    try {
      const text = await runProgram({
        ...{ program: helm, args: ['version', '--short'], environment, signal },
        timeoutMs: 10_000,
        maxOutputBytes: 10_000,
      });
      const found = /v(\d+)\.(\d+)/.exec(text);
      const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
      if (major > 3 || (major === 3 && minor >= 8)) {
        isThere = true;
        return undefined;
      }
      return `Helm ${text.trim()} on the agent’s node is too old: install 3.8 or newer, or name it in SKERRY_HELM.`;
    } catch (error) {
      if (!isSkerryError(error) || error.code === 'Aborted') throw error;
      return 'The agent’s node has no helm: charts cannot be deployed. Install Helm 3.8 or newer, or name it in SKERRY_HELM.';
    }
  };
}
