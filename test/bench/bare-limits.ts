import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { Level } from 'level';
import { openCertificateAuthority } from '#controller/identity/index.ts';
import { systemClock as clock, systemRandom as random } from '#shared/runtime/index.ts';
import { startBareProcess } from './bare-process.ts';

/** A record of the size of an operation with its service. */
const commitBytes = 4096;
const frameBytes = 1024;

/** One synced put into LevelDB, on the disk that the benches use: what a durable commit costs at least. Milliseconds. */
export async function bareCommitMs(count: number): Promise<number[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-bare-'));
  const level = new Level<string, Buffer>(folder, { valueEncoding: 'buffer' });
  const value = Buffer.alloc(commitBytes, 'x');
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await level.put(`key/${n}`, value, { sync: true });
    took.push(performance.now() - began);
  }
  await level.close();
  await rm(folder, { recursive: true });
  return took;
}

/**
 * One message on an open gRPC stream over TLS to another process: half of there and back. Milliseconds. A client certificate
 * would change the handshake only.
 */
export async function bareFrameMs(count: number): Promise<number[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-bare-'));
  const ca = await openCertificateAuthority(folder, { clock, random });
  const pair = await ca.issueServer({ dns: ['localhost'], ip: ['127.0.0.1'] });
  const server = await startBareProcess('bare-grpc.ts', pair);
  const client = new Client(`localhost:${server.port}`, credentials.createSsl(Buffer.from(ca.caPem)));
  const same = (message: Buffer) => message;
  const stream = client.makeBidiStreamRequest('/bare/Echo', same, same);
  const took: number[] = [];
  const message = Buffer.alloc(frameBytes, 'x');
  for (let n = -20; n < count; n++) {
    const began = performance.now();
    stream.write(message);
    await once(stream, 'data');
    if (n >= 0) took.push((performance.now() - began) / 2);
  }
  stream.on('error', () => {});
  stream.cancel();
  client.close();
  await server.stop();
  await rm(folder, { recursive: true });
  return took;
}

/** An empty Node process, from its start to its end: what any start of ours costs at least. Milliseconds. */
export async function bareStartMs(count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
    took.push(performance.now() - began);
  }
  return took;
}
