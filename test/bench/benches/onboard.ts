import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { create } from 'tar';
import { withBareHttp } from '../bare-http.ts';
import { bareCommitMs } from '../bare-limits.ts';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { projectFolder, Testbed } from '../testbed.ts';

const contentType = 'application/gzip';

export const onboard: Bench = {
  name: 'onboard',
  title: 'Onboard a VNF package with all checks: upload of a new package to its 201',
  run: (context) =>
    Testbed.with({ agentCount: 0 }, async ({ api }) => {
      const count = context.count(100, 20);
      const warmUps = 20;
      const packages = await Promise.all(
        Array.from({ length: count + warmUps }, (_, n) => packageOf(`bench_vnf_${n}`)),
      );
      const own: number[] = [];
      const bare: number[] = [];
      await withBareHttp({ body: '{}', contentType: 'application/json', isTls: true }, async ({ client }) => {
        for (const [index, content] of packages.entries()) {
          const began = performance.now();
          const answer = await api.onboard({
            source: Readable.from([content]),
            contentType,
            fileName: `bench-${index}.tar.gz`,
          });
          const between = performance.now();
          if (answer.outcome !== 'created') throw new Error(`package ${index} was ${answer.outcome}`);
          await client.call('POST', '/', { stream: { source: Readable.from([content]), contentType } });
          if (index < warmUps) continue;
          own.push(between - began);
          bare.push(performance.now() - between);
        }
      });
      const commits = await bareCommitMs(own.length);
      return [
        measured({
          what: 'one VNF package',
          samples: own,
          bare: {
            what: 'upload to bare Fastify and one commit',
            samples: bare.map((upload, index) => upload + (commits[index] ?? 0)),
          },
          goals: [{ of: 'median', atMost: 10 }],
          note: `router_vnf of deploy/samples under a new vnfd-id, ${packages[0]?.length} bytes of tar.gz`,
        }),
      ];
    }),
};

/** The router of the samples under another id, so that every package is new. */
async function packageOf(vnfdId: string): Promise<Buffer> {
  const source = path.join(projectFolder, 'deploy', 'samples', 'router_vnf');
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-bench-package-'));
  const inside = path.join(folder, vnfdId);
  await mkdir(path.join(inside, 'cloud_init'), { recursive: true });
  const descriptor = await readFile(path.join(source, 'router_vnfd.yaml'), 'utf8');
  await writeFile(path.join(inside, 'router_vnfd.yaml'), descriptor.replace('id: router_vnf', `id: ${vnfdId}`));
  const cloudInit = await readFile(path.join(source, 'cloud_init', 'router.cfg'));
  await writeFile(path.join(inside, 'cloud_init', 'router.cfg'), cloudInit);
  const packed = await buffer(create({ gzip: true, portable: true, cwd: folder }, [vnfdId]) as unknown as Readable);
  await rm(folder, { recursive: true });
  return packed;
}
