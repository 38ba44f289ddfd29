import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { ClientCertificate, ClusterTls } from './cluster-endpoint.ts';
import type { Place } from './kubeconfig-place.ts';

const flatten = 'export it whole with `kubectl config view --raw --flatten --minify`';

export function readTls(cluster: Place): ClusterTls {
  refuseFile(cluster, 'certificate-authority');
  const authority = cluster.at('certificate-authority-data');
  const caPem = readPem(authority);
  if (caPem !== undefined) readCertificate(authority, caPem);
  const serverName = cluster.at('tls-server-name').text();
  const isVerificationOff = cluster.at('insecure-skip-tls-verify').flag();
  if (isVerificationOff && caPem !== undefined)
    throw cluster
      .at('insecure-skip-tls-verify')
      .complaint('is true beside certificate-authority-data', 'remove one of the two; better the first');
  return {
    ...(caPem === undefined ? {} : { caPem }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(isVerificationOff ? { isVerificationOff } : {}),
  };
}

export function readClientCertificate(user: Place): ClientCertificate | undefined {
  refuseFile(user, 'client-certificate');
  refuseFile(user, 'client-key');
  const certificatePlace = user.at('client-certificate-data');
  const keyPlace = user.at('client-key-data');
  const certPem = readPem(certificatePlace);
  const keyPem = readPem(keyPlace);
  if (certPem === undefined && keyPem === undefined) return undefined;
  if (certPem === undefined) throw certificatePlace.complaint('is missing beside client-key-data', flatten);
  if (keyPem === undefined) throw keyPlace.complaint('is missing beside client-certificate-data', flatten);
  const certificate = readCertificate(certificatePlace, certPem);
  if (!certificate.checkPrivateKey(readKey(keyPlace, keyPem)))
    throw keyPlace.complaint('does not belong to client-certificate-data', 'export the kubeconfig anew');
  return { certPem, keyPem };
}

/** A file on the machine that the kubeconfig comes from is not there where the agent runs. */
function refuseFile(owner: Place, member: string): void {
  const place = owner.at(member);
  // kubectl prefers the data when both are there.
  if (place.text() === undefined || owner.at(`${member}-data`).isThere) return;
  throw place.complaint('names a file, which does not travel with the kubeconfig', flatten);
}

function readPem(place: Place): string | undefined {
  const text = place.text();
  if (text === undefined) return undefined;
  // `kubectl config view` without --raw writes these words in place of the data.
  if (/^(DATA\+OMITTED|REDACTED)$/.test(text)) throw place.complaint('was left out when the file was printed', flatten);
  const pem = Buffer.from(text, 'base64').toString('utf8');
  if (!pem.includes('-----BEGIN ')) throw place.complaint('is no PEM in base64', flatten);
  return pem;
}

function readCertificate(place: Place, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw place.complaint('holds no certificate that can be read', flatten);
  }
}

function readKey(place: Place, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw place.complaint('holds no private key that can be read without a passphrase', flatten);
  }
}
