import { SkerryError } from '#shared/errors/index.ts';
import type { LossReason } from './exchange.ts';

export interface Loss {
  cause: unknown;
  server: string;
  silenceMs: number;
  reason: LossReason;
  /** It was a write, and it may have reached the server. */
  mayHaveActed: boolean;
  /** The connection had been idle and was closed just when it was used: reading once more is enough. */
  isStale: boolean;
}

/** What the lack of an answer means. */
export function translateLoss(loss: Loss): SkerryError {
  const { cause, server, reason, mayHaveActed, silenceMs } = loss;
  const options = { cause, details: { server, ...(loss.isStale ? { isStale: true } : {}) } };
  const alert = tlsAlert(cause);
  if (alert !== undefined)
    return new SkerryError('PlatformAuth', `${server} refuses our certificate (${alert}).`, {
      ...options,
      remedy: 'give the infra a kubeconfig whose client certificate is valid for this cluster',
    });
  if (mayHaveActed)
    return new SkerryError('PlatformInDoubt', `${server} was asked for a change and has not answered.`, options);
  if (reason === 'aborted') return new SkerryError('Aborted', 'The call was aborted.', options);
  if (reason === 'closed') return new SkerryError('Aborted', `The connection to ${server} is closed.`, options);
  if (reason === 'silence')
    return new SkerryError('PlatformUnavailable', `${server} has not answered for ${Math.round(silenceMs / 1000)} s.`, {
      ...options,
      remedy: 'check that the API server works and that nothing between drops packets',
    });
  const { sentence, remedy } = describe(cause, server);
  return new SkerryError('PlatformUnavailable', sentence, { ...options, ...(remedy === undefined ? {} : { remedy }) });
}

function tlsAlert(cause: unknown): string | undefined {
  const code = codeOf(cause);
  return /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code) ? code : undefined;
}

function describe(cause: unknown, server: string): { sentence: string; remedy?: string } {
  const code = codeOf(cause);
  switch (code) {
    case 'ECONNREFUSED':
      return { sentence: `Nothing listens at ${server}.`, remedy: 'check the address, and that the API server runs' };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { sentence: `The name of ${server} cannot be resolved.`, remedy: 'check the address and the DNS here' };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return { sentence: `${server} cannot be reached (${code}).`, remedy: 'check route and firewall to it' };
    case 'CERT_HAS_EXPIRED':
      return { sentence: `The certificate of ${server} has expired.`, remedy: 'renew the API server’s certificate' };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        sentence: `The certificate of ${server} is for other names.`,
        remedy: 'use one of its names as server, or set tls-server-name in the kubeconfig',
      };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return {
        sentence: `The certificate of ${server} is not from the authority that is trusted for it (${code}).`,
        remedy: 'put the cluster’s authority into certificate-authority-data of the kubeconfig',
      };
    default:
      return { sentence: `The connection to ${server} broke (${code}).` };
  }
}

function codeOf(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  return String(code ?? message ?? cause);
}
