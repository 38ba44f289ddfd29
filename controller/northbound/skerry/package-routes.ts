import { Type } from 'typebox';
import { OnboardAnswer } from '#shared/api/skerry-packages.ts';
import { contentTypes, receiveUpload, statedBytes, withUploads } from '../catalog/receive-upload.ts';
import { nsdResource } from '../nsd/nsd-resource.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { contextOf } from '../request.ts';
import { apiVersion } from '../sol013/index.ts';
import { vnfPackageResource } from '../vnfpkgm/vnf-package-resource.ts';

const vnfPackages = vnfPackageResource(apiVersion('vnfpkgm', '2.4.0'));
const nsds = nsdResource(apiVersion('nsd', '2.3.0'));

/**
 * `POST /skerry/v1/packages`: the body is a package or a bare descriptor; what it is shows by its content. 201 created,
 * 200 when the same bytes are onboarded already, or with `new_revision` when they replaced other content.
 */
export async function registerPackages(app: NorthboundApp, dependencies: NorthboundDependencies): Promise<void> {
  const { catalog, identity } = dependencies;
  await withUploads(app, (scope) => {
    scope.post<{ Querystring: { new_revision?: string } }>(
      '/skerry/v1/packages',
      {
        config: { permission: 'packages:write', query: ['new_revision'] },
        schema: {
          tags: ['packages'],
          summary: 'Create and onboard a VNF package or an NSD in one step',
          consumes: contentTypes,
          querystring: Type.Object({ new_revision: Type.Optional(Type.String({ description: 'Flag' })) }),
          response: { 200: OnboardAnswer, 201: OnboardAnswer },
        },
      },
      async (request, reply) => {
        identity.authorize(request.principal, 'nsds:write');
        const upload = await catalog.beginOnboard({ bytes: statedBytes(request) });
        const file = await receiveUpload(request, upload);
        const flag = request.query.new_revision;
        const isRevision = flag !== undefined && flag !== 'false';
        const result = await catalog.onboard(contextOf(request), file, { isRevision }).finally(() => upload.discard());
        const resource =
          result.kind === 'nsd'
            ? nsds.render(result.resource, request.baseUrl)
            : vnfPackages.render(result.resource, request.baseUrl);
        const { self } = resource['_links'] as { self: { href: string } };
        reply.code(result.outcome === 'created' ? 201 : 200).header('location', self.href);
        const kind = result.kind === 'nsd' ? 'ns' : 'vnf';
        return reply.send({ outcome: result.outcome, kind, id: result.resource.id, resource });
      },
    );
  });
}
