import type { Retry } from './skerry-error.ts';

interface CatalogueEntry {
  /** HTTP status that the northbound answers (RFC 9110). */
  status: number;
  /** Title of the problem details (RFC 9457). */
  title: string;
  retry: Retry;
}

/** Every error code of Skerry. A new failure gets a new line here before it is thrown. */
export const errorCatalogue = {
  BadRequest: { status: 400, title: 'Bad request', retry: 'never' },
  BadQuery: { status: 400, title: 'Bad query parameter', retry: 'never' },
  Unauthenticated: { status: 401, title: 'Authentication required', retry: 'never' },
  Forbidden: { status: 403, title: 'Not allowed', retry: 'never' },
  NotFound: { status: 404, title: 'Not found', retry: 'never' },
  MethodNotAllowed: { status: 405, title: 'Method not allowed', retry: 'never' },
  NotAcceptable: { status: 406, title: 'Not acceptable', retry: 'never' },
  Conflict: { status: 409, title: 'Conflict with the current state', retry: 'never' },
  OperationInProgress: { status: 409, title: 'Another operation is open', retry: 'backoff' },
  PreconditionFailed: { status: 412, title: 'Precondition failed', retry: 'never' },
  TooLarge: { status: 413, title: 'Too large', retry: 'never' },
  UnsupportedMediaType: { status: 415, title: 'Unsupported media type', retry: 'never' },
  RangeNotSatisfiable: { status: 416, title: 'Range not satisfiable', retry: 'never' },
  InvalidDescriptor: { status: 422, title: 'Invalid descriptor', retry: 'never' },
  InvalidPackage: { status: 422, title: 'Invalid package', retry: 'never' },
  Unprocessable: { status: 422, title: 'Unprocessable', retry: 'never' },
  NoPlacement: { status: 422, title: 'No site fits', retry: 'backoff' },
  TooManyRequests: { status: 429, title: 'Too many requests', retry: { afterMs: 1000 } },
  Internal: { status: 500, title: 'Internal error', retry: 'never' },
  NotImplemented: { status: 501, title: 'Not implemented', retry: 'never' },
  Unavailable: { status: 503, title: 'Unavailable', retry: 'backoff' },
  Timeout: { status: 504, title: 'Timed out', retry: 'backoff' },
  Aborted: { status: 503, title: 'Aborted', retry: 'backoff' },
  /** A store commit whose expectations did not hold: read again, decide again. */
  RevisionConflict: { status: 409, title: 'Changed meanwhile', retry: 'backoff' },
  StoreDamaged: { status: 500, title: 'Store damaged', retry: 'never' },
  StoreClosed: { status: 503, title: 'Store closed', retry: 'never' },
  DiskFull: { status: 507, title: 'Disk full', retry: 'backoff' },
  /** Connector: the platform refused for a reason that repeating will not change. */
  PlatformRefused: { status: 502, title: 'Platform refused', retry: 'never' },
  PlatformUnavailable: { status: 502, title: 'Platform unavailable', retry: 'backoff' },
  /** Connector: not enough room; may pass when something else goes. */
  PlatformCapacity: { status: 502, title: 'Platform out of capacity', retry: 'backoff' },
  PlatformAuth: { status: 502, title: 'Platform credentials refused', retry: 'backoff' },
  /** Connector: the call may or may not have had its effect; look before anything else. */
  PlatformInDoubt: { status: 502, title: 'Platform call in doubt', retry: 'backoff' },
  ProtocolViolation: { status: 400, title: 'Protocol violation', retry: 'never' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
