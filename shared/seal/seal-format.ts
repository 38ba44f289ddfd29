/** How secrets are sealed: the key is agreed with the agent's EC key, the text is enciphered and authenticated. */
export const sealMethod = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' } as const;

export const sealLimits = {
  /** JSON of one secret. */
  valueBytes: 128 * 1024,
  /** Base64url of it with headers. */
  sealedLength: 192 * 1024,
  /** Secrets in one infra's settings. */
  values: 64,
  depth: 16,
} as const;
