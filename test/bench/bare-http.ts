import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpClient } from '#controller/cli/http-client.ts';
import { openCertificateAuthority } from '#controller/identity/index.ts';
import { systemClock as clock, systemRandom as random } from '#shared/runtime/index.ts';
import { startBareProcess } from './bare-process.ts';

export interface BareHttp {
  url: string;
  pid: number;
  client: HttpClient;
}

/** A bare Fastify in a process of its own that serves `body`, with or without TLS, for as long as `work` takes. */
export async function withBareHttp<T>(
  given: { body: string; contentType: string; isTls: boolean },
  work: (bare: BareHttp) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-bare-'));
  const ca = await openCertificateAuthority(folder, { clock, random });
  const pair = await ca.issueServer({ dns: ['localhost'], ip: ['127.0.0.1'] });
  const { body, contentType, isTls } = given;
  const server = await startBareProcess('bare-http.ts', { body, contentType, ...(isTls ? { tls: pair } : {}) });
  const url = `${isTls ? 'https' : 'http'}://127.0.0.1:${server.port}/`;
  const client = new HttpClient({ url, ...(isTls ? { caPem: ca.caPem } : {}) });
  try {
    return await work({ url, pid: server.pid, client });
  } finally {
    client.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
}
