import { SkerryError } from '../errors/index.ts';
import { fail, ok, type Result } from '../errors/result.ts';

/** Text form of a join token: `skerry1.` + base64url(JSON of this). Carries no long-lived secret. */
export interface JoinTokenContent {
  v: 1;
  id: string;
  /** 256 bits, hex. */
  secret: string;
  /** SHA-256 of the controller's CA certificate (DER), hex. */
  caFingerprint: string;
  /** host:port of the enrolment listener; IPv6 in brackets. */
  enroll: string[];
}

const prefix = 'skerry1.';
const maxTextLength = 4096;
const maxAddresses = 8;

export function printJoinToken(content: JoinTokenContent): string {
  return prefix + Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** Reads what an operator pasted; white space around and inside it does not matter. The complaint never shows the secret. */
export function parseJoinToken(input: string): Result<JoinTokenContent> {
  if (input.length > maxTextLength) return refuse('it is too long');
  const text = input.replaceAll(/\s/g, '');
  if (text === '') return refuse('it is empty');
  if (!text.startsWith(prefix)) return refuse(`it does not begin with ${prefix}`);
  const body = text.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]+$/.test(body)) return refuse('it holds characters that a token never has');
  let content: Partial<JoinTokenContent> | null;
  try {
    content = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  } catch {
    return refuse('it is cut short or altered');
  }
  const fault = findFault(content);
  return fault === undefined ? ok(content as JoinTokenContent) : refuse(fault);
}

function findFault(content: Partial<JoinTokenContent> | null): string | undefined {
  if (content === null || typeof content !== 'object') return 'it is cut short or altered';
  if (content.v !== 1) return 'it comes from a newer controller';
  const { id, secret, caFingerprint, enroll } = content;
  if (typeof id !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(id)) return 'its id is missing or altered';
  if (typeof secret !== 'string' || !/^[0-9a-f]{64}$/.test(secret)) return 'its secret is missing or altered';
  if (typeof caFingerprint !== 'string' || !/^[0-9a-f]{64}$/.test(caFingerprint))
    return 'its CA fingerprint is missing or altered';
  if (!Array.isArray(enroll) || enroll.length === 0 || enroll.length > maxAddresses)
    return `it needs 1 to ${maxAddresses} enrolment addresses`;
  return enroll.every(isAddress) ? undefined : 'an enrolment address is not host:port';
}

function isAddress(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 270) return false;
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(value);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 65_535;
}

function refuse(reason: string): Result<never> {
  return fail(
    new SkerryError('BadRequest', `This is no join token: ${reason}`, {
      remedy: 'Copy the whole line that the controller printed, or make a new token for the site.',
    }),
  );
}
