import type { AddressInfo } from 'node:net';
import type { Component } from '#shared/runtime/index.ts';
import { isLoopback } from '#shared/runtime/loopback.ts';
import { identityPlugin } from './login/identity-routes.ts';
import { tokenPlugin } from './login/token-routes.ts';
import { nfviciPlugin } from './nfvici/nfvici-plugin.ts';
import { createNorthboundApp, type TlsOptions } from './northbound-app.ts';
import { nslcmPlugin } from './nslcm/nslcm-plugin.ts';
import type { NorthboundApp, NorthboundDependencies, NorthboundPlugin } from './plugin.ts';
import { collectionPolicy } from './sol013/collection.ts';

/** What every northbound serves; catalogue and Skerry's own routes come as `plugins`. */
export const ownPlugins: readonly NorthboundPlugin[] = [tokenPlugin, identityPlugin, nslcmPlugin, nfviciPlugin];

export interface NorthboundOptions extends Omit<NorthboundDependencies, 'collections'> {
  plugins?: readonly NorthboundPlugin[];
  /** Absent: plain HTTP, which is refused unless `host` is a loopback address. */
  tls?: TlsOptions;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Prefix of all paths: `/mano`; empty unless told. */
  apiRoot?: string;
  /** Items per page of a collection (default 1000), or the size from which on a result is refused. */
  collections?: { pageSize?: number; whenTooBig?: 'page' | 'refuse' };
}

export interface Northbound extends Component {
  /** Where it listens. @throws Error before `start()` has resolved */
  address(): { host: string; port: number; url: string };
}

/** The HTTP edge of the controller: HTTP to commands and queries, no decisions. */
export function createNorthbound(options: NorthboundOptions): Northbound {
  const { tls, host, port, apiRoot = '', plugins = [], collections, ...rest } = options;
  if (!tls && !isLoopback(host)) {
    throw new Error(`Plain HTTP is only served on loopback, not on ${host}: give a certificate`);
  }
  if (!/^(\/[\w.-]+)*$/.test(apiRoot)) throw new Error(`The API root "${apiRoot}" is not of the form /path`);
  let app: NorthboundApp | undefined;
  return {
    async start() {
      const dependencies = { ...rest, collections: collectionPolicy(collections) };
      app = await createNorthboundApp({ dependencies, plugins: [...ownPlugins, ...plugins], apiRoot, tls });
      await app.listen({ host, port });
    },
    async stop() {
      await app?.close();
    },
    address() {
      const address = app?.server.address() as AddressInfo | null | undefined;
      if (!address) throw new Error('The northbound does not listen yet');
      const name = host.includes(':') ? `[${host}]` : host;
      return { host, port: address.port, url: `${tls ? 'https' : 'http'}://${name}:${address.port}${apiRoot}` };
    },
  };
}
