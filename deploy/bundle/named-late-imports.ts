import type { Plugin } from 'esbuild';
// One of the packages asked for its names does not load without it.
import 'reflect-metadata';

const namespace = 'late-import';

/**
 * Gives `await import('package')` of a CommonJS package its named exports, as Node does: esbuild puts such a package into a
 * chunk of its own that has a default export only.
 */
export function namedLateImports(): Plugin {
  return {
    name: 'named late imports',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^@?[a-z]/ }, ({ path, kind }) =>
        kind === 'dynamic-import' && !path.startsWith('node:') ? { path, namespace } : undefined,
      );
      onLoad({ filter: /.*/, namespace }, async ({ path }) => {
        const names = Object.keys(await import(path)).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
        const contents = `export { ${names.filter((name) => name !== 'module.exports').join(', ')} } from '${path}';`;
        return { contents, resolveDir: import.meta.dirname };
      });
    },
  };
}
