import { Type } from 'typebox';
import { onboard, ownView, revisionOptions, settledOrLong } from '../catalog/content-routes.ts';
import { type FetchPolicy, fetchFromUri, requireFetchable } from '../catalog/fetch-from-uri.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import type { ApiVersion } from '../sol013/index.ts';

/** `UploadVnfPackageFromUriRequest` (ETSI GS NFV-SOL 005 clause 9.5.2.9) without the OAuth members, which are refused. */
const UploadRequest = Type.Object(
  { addressInformation: Type.String({ minLength: 1, maxLength: 2000 }) },
  { additionalProperties: false },
);

/** POST …/package_content/upload_from_uri: the controller fetches; 202, and failures stand on the resource (clause 9.4.6). */
export function registerUploadFromUri(
  app: NorthboundApp,
  dependencies: NorthboundDependencies,
  { api, fetchPolicy }: { api: ApiVersion; fetchPolicy: FetchPolicy },
): void {
  const { catalog, log } = dependencies;
  const stopping = new AbortController();
  app.addHook('onClose', async () => stopping.abort());
  app.post<{ Params: { id: string }; Body: { addressInformation: string } }>(
    `${api.prefix}/vnf_packages/:id/package_content/upload_from_uri`,
    { config: { api, permission: 'packages:write' }, schema: { tags: ['vnfpkgm'], body: UploadRequest } },
    async (request, reply) => {
      const view = await ownView(catalog, 'vnf-package', request);
      const { addressInformation } = request.body;
      requireFetchable(addressInformation, fetchPolicy);
      const upload = await catalog.beginUpload('vnf-package', view.id, revisionOptions(request, view));
      const work = async () => {
        try {
          const file = await fetchFromUri(addressInformation, upload, fetchPolicy, stopping.signal);
          await onboard(catalog, request, { kind: 'vnf-package', id: view.id, file, upload });
        } catch (error) {
          await upload.fail(error);
          log.warn({ vnfPkgId: view.id, error: String(error) }, 'upload from URI failed');
        }
      };
      await settledOrLong(work(), dependencies);
      return reply.code(202).send();
    },
  );
}
