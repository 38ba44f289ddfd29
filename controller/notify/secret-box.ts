import { createCipheriv, createDecipheriv } from 'node:crypto';
import { SkerryError } from '#shared/errors/index.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { Random } from '#shared/runtime/index.ts';

/** Seals small JSON values with AES-256-GCM for storage: `v1.<nonce>.<ciphertext and tag>`, base64url. */
export interface SecretBox {
  /** `context` is authenticated too: a sealed value cannot be moved to another record. */
  seal(value: JsonValue, context: string): string;
  /** @throws StoreDamaged when the key or the context is another one */
  open(sealed: string, context: string): JsonValue;
}

const tagBytes = 16;

/** @param key 32 bytes */
export function createSecretBox(key: Uint8Array, random: Random): SecretBox {
  if (key.byteLength !== 32) throw new Error('The key for secrets at rest has to have 32 bytes');
  return {
    seal(value, context) {
      const nonce = Buffer.from(random.hex(12), 'hex');
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${nonce.toString('base64url')}.${text.toString('base64url')}`;
    },
    open(sealed, context) {
      try {
        const [version, nonce = '', text = ''] = sealed.split('.');
        if (version !== 'v1') throw new Error('unknown version');
        const bytes = Buffer.from(text, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(-tagBytes));
        const plain = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
        return JSON.parse(plain.toString('utf8')) as JsonValue;
      } catch (cause) {
        throw new SkerryError('StoreDamaged', 'A stored credential cannot be opened.', {
          remedy: 'Start with the key that it was stored with, or make the subscription again.',
          cause,
        });
      }
    },
  };
}
