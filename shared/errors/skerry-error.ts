import { type ErrorCode, errorCatalogue } from './catalogue.ts';

/** Whether trying the same thing again can help; decided once, where a foreign error is translated. */
export type Retry = 'never' | 'backoff' | { afterMs: number };

export interface SkerryErrorOptions {
  retry?: Retry;
  /** Machine-readable facts; must hold no secret. */
  details?: Record<string, unknown>;
  /** What the reader can do about it, one sentence. */
  remedy?: string;
  cause?: unknown;
}

/** The only error that effects throw. The message is one sentence for people; `code` is for machines. */
export class SkerryError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: Record<string, unknown>;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: SkerryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkerryError';
    this.code = code;
    this.retry = options.retry ?? errorCatalogue[code].retry;
    this.details = options.details ?? {};
    this.remedy = options.remedy;
  }
}

export function isSkerryError(error: unknown): error is SkerryError {
  return error instanceof SkerryError;
}
