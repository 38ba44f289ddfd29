import type { Plugin } from 'esbuild';

const namespace = 'http-without-fetch';

/**
 * An `import` of Node's `http` reads all of its exports, and one of them, WebSocket, loads undici: 13 MiB that the agent has no
 * use for. Taken as a plain object it is read only where it is used.
 */
export function httpWithoutFetch(): Plugin {
  return {
    name: 'http without fetch',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^(node:)?https?$/ }, ({ path, kind }) =>
        kind === 'import-statement' ? { path: path.replace('node:', ''), namespace } : undefined,
      );
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('node:${path}');`,
        loader: 'js',
      }));
    },
  };
}
