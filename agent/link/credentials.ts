import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { type AgentId, id, type SiteId } from '#shared/model/ids.ts';

const keyFile = 'agent.key.pem';
const certificateFile = 'agent.certificate.json';

/** What an enrolment left on this node: the key (0600) and the answer of the controller. */
export interface AgentCredentials {
  agentId: AgentId;
  siteId: SiteId;
  keyPem: string;
  certPem: string;
  caPem: string;
  /** Epoch ms. */
  notAfter: number;
  /** host:port */
  syncAddress: string;
  mqttAddress: string;
  /** host:port of the listener that enrolled this agent; renewals go there too. */
  enrollAddress: string;
}

/** undefined before the first enrolment, or when its files cannot be read. */
export function loadCredentials(folder: string): AgentCredentials | undefined {
  try {
    const answer = JSON.parse(readFileSync(path.join(folder, certificateFile), 'utf8')) as AgentCredentials;
    return {
      ...answer,
      agentId: id<AgentId>(answer.agentId),
      siteId: id<SiteId>(answer.siteId),
      keyPem: readFileSync(path.join(folder, keyFile), 'utf8'),
    };
  } catch {
    return undefined;
  }
}

/** The key of this node; made and stored at the first call, so that a lost answer can be asked for again with the same one. */
export async function ensureKey(folder: string): Promise<string> {
  try {
    return readFileSync(path.join(folder, keyFile), 'utf8');
  } catch {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    await writeDurably(folder, keyFile, pem);
    return pem;
  }
}

export function storeCredentials(folder: string, credentials: AgentCredentials): Promise<void> {
  const { keyPem: _, ...answer } = credentials;
  return writeDurably(folder, certificateFile, `${JSON.stringify(answer, undefined, 2)}\n`);
}

/**
 * Whose secrets this agent opens. Renewals keep the key, so that what was sealed to it stays readable; an agent that lost its key
 * enrols anew, as another agent with infras of its own.
 */
export function sealOwnerOf({ agentId, keyPem }: AgentCredentials): { agentId: AgentId; privateKeyPem: () => string } {
  return { agentId, privateKeyPem: () => keyPem };
}

/** When the certificate in use began, epoch ms. */
export function notBeforeOf(certPem: string): number {
  return Date.parse(new X509Certificate(certPem).validFrom);
}

export function fingerprintOfDer(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, name);
  const file = await open(`${target}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${target}.new`, target);
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}
