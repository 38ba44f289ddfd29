import { Type } from 'typebox';
import type { NorthboundApp } from './plugin.ts';
import { type ApiVersion, apiVersionInformation } from './sol013/api-version.ts';

const ApiVersionInformation = Type.Object({
  uriPrefix: Type.String(),
  apiVersions: Type.Array(Type.Object({ version: Type.String(), isDeprecated: Type.Boolean() })),
});

/** `{apiName}/api_versions` and `{apiName}/{major}/api_versions` for every API that a route belongs to (SOL013 clause 9.3.3). */
export function registerApiVersions(app: NorthboundApp, apiRoot: string, apis: Iterable<ApiVersion>): void {
  const byPrefix = new Map<string, ApiVersion[]>();
  for (const api of apis) {
    for (const prefix of [`/${api.name}`, api.prefix]) {
      byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), api]);
    }
  }
  for (const [prefix, versions] of byPrefix) {
    const sorted = versions.sort((left, right) => (left.major < right.major ? 1 : -1));
    app.get(
      `${prefix}/api_versions`,
      {
        config: { permission: 'public' },
        schema: {
          tags: ['api_versions'],
          summary: `Versions of the API ${prefix.slice(1)}`,
          response: { 200: ApiVersionInformation },
        },
      },
      () => apiVersionInformation(apiRoot, sorted, prefix),
    );
  }
}
