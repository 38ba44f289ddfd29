import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  X509Certificate as Certificate,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKeyType,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { CertificateAuthority } from './certificates.ts';
import { ensurePrivateFolder, readIfThere, writePrivateFile } from './secure-file.ts';
import { fingerprintOf, verifyRequest } from './signing-request.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
/** Agents' clocks may be behind; certificates begin this much before now. */
const skewMs = dayMs;
const authorityDays = 20 * 365;
const serverDays = 2 * 365;

interface Material {
  certificates: Certificate[];
  key: webcrypto.CryptoKey;
}

/**
 * Opens the CA of the folder (`ca.key.pem`, `ca.cert.pem`; 0600 in 0700), or makes it at the first start. The first
 * certificate of the file signs; further ones are trusted during a rollover.
 */
export async function openCertificateAuthority(
  folder: string,
  { clock, random }: { clock: Clock; random: Random },
): Promise<CertificateAuthority> {
  await ensurePrivateFolder(folder);
  const { certificates, key } = await loadOrMake(folder, clock, random);
  const issuer = certificates[0]!;

  async function issue(publicKey: PublicKeyType, commonName: string, days: number, extensions: Extension[]) {
    return X509CertificateGenerator.create({
      serialNumber: serialNumber(random),
      subject: [{ CN: [commonName] }],
      issuer: issuer.subject,
      notBefore: new Date(clock.now() - skewMs),
      notAfter: new Date(Math.min(clock.now() + days * dayMs, issuer.notAfter.getTime())),
      signingKey: key,
      publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await SubjectKeyIdentifierExtension.create(publicKey),
        await AuthorityKeyIdentifierExtension.create(issuer),
        ...extensions,
      ],
    });
  }

  return {
    caPem: certificates.map((certificate) => pem(certificate)).join(''),
    fingerprint: fingerprintOf(Buffer.from(issuer.rawData)),
    async issueServer({ dns, ip }) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const names: JsonGeneralName[] = [
        ...[...new Set(['localhost', ...dns])].map((value) => ({ type: 'dns' as const, value })),
        ...[...new Set(['127.0.0.1', '::1', ...ip])].map((value) => ({ type: 'ip' as const, value })),
      ];
      const certificate = await issue(keys.publicKey, dns[0] ?? 'localhost', serverDays, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
      ]);
      return { certPem: pem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
    },
    async signAgent(csrPem, agentId, siteId, days) {
      const { request, keyFingerprint } = await verifyRequest(csrPem);
      const certificate = await issue(request.publicKey, agentId, days, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'url', value: `skerry:agent:${agentId}` },
          { type: 'url', value: `skerry:site:${siteId}` },
        ]),
      ]);
      const notAfter = certificate.notAfter.getTime();
      return { certPem: pem(certificate), serial: certificate.serialNumber, notAfter, keyFingerprint };
    },
  };
}

async function loadOrMake(folder: string, clock: Clock, random: Random): Promise<Material> {
  const keyPath = join(folder, 'ca.key.pem');
  const certPath = join(folder, 'ca.cert.pem');
  const [keyPem, certPem] = [await readIfThere(keyPath), await readIfThere(certPath)];
  if (keyPem !== undefined && certPem !== undefined) return parseMaterial(keyPem, certPem);
  // The certificate is written last: alone it can only be what is left of a CA whose key was lost.
  if (certPem !== undefined)
    throw new SkerryError('StoreDamaged', `${keyPath} is missing, its certificate is there`, {
      remedy:
        'Restore the key from a backup. Without it every agent has to enrol again: then remove the certificate too.',
    });
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: [{ CN: [`Skerry CA ${random.hex(4)}`] }],
    notBefore: new Date(clock.now() - skewMs),
    notAfter: new Date(clock.now() + authorityDays * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePrivateFile(keyPath, await privateKeyPem(keys.privateKey));
  await writePrivateFile(certPath, pem(certificate));
  return { certificates: [certificate], key: keys.privateKey };
}

async function parseMaterial(keyPem: string, certPem: string): Promise<Material> {
  try {
    const blocks = certPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const certificates = blocks.map((block) => new Certificate(block));
    const privateKey = createPrivateKey(keyPem);
    if (!new X509Certificate(blocks[0]!).checkPrivateKey(privateKey))
      throw new Error('key and certificate do not match');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    return { certificates, key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']) };
  } catch (cause) {
    throw new SkerryError('StoreDamaged', 'The key or the certificate of the CA cannot be used', {
      cause,
      remedy: 'Restore ca.key.pem and ca.cert.pem from a backup.',
    });
  }
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

function pem(certificate: Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

/** 127 bits, positive, never zero (RFC 5280, 4.1.2.2). */
function serialNumber(random: Random): string {
  return `4${random.hex(16).slice(1)}`;
}
