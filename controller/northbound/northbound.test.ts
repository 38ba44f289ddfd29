import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { get } from 'node:https';
import { test } from 'node:test';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import { createNorthbound } from './index.ts';

async function selfSigned() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys: keys as never,
    signingAlgorithm: algorithm,
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: PemConverter.encode(key, 'PRIVATE KEY'), cert: certificate.toString('pem') };
}

test('serves HTTPS with https links', async (t) => {
  const tls = await selfSigned();
  const options = { tls, clock: systemClock, log: silentLogger, host: '127.0.0.1', port: 0 };
  const northbound = createNorthbound({ ...options, catalog: {}, queries: {} } as never);
  await northbound.start();
  t.after(() => northbound.stop());
  assert.match(northbound.address().url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    get(
      `${northbound.address().url}/nslcm/api_versions`,
      { ca: tls.cert, checkServerIdentity: () => undefined },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    ).on('error', reject);
  });
  assert.equal(status, 200);
});

test('plain HTTP is refused off loopback', () => {
  assert.throws(() => createNorthbound({ host: '0.0.0.0', port: 0 } as never), /Plain HTTP/);
});
