import type { KubeObject } from '../objects/kube-object.ts';

/** One request to an API server. */
export interface KubernetesRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path without query: `/api/v1/namespaces/x/pods`. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Default: `application/json`; server-side apply: `application/apply-patch+yaml`. */
  contentType?: string;
  /** Default: `application/json`. */
  accept?: string;
  signal: AbortSignal;
}

export interface KubernetesAnswer<T> {
  /** 200 or 201 (made); anything from 300 on is thrown. */
  status: number;
  body: T;
}

export interface KubernetesWatch extends Pick<KubernetesRequest, 'path' | 'query' | 'signal'> {
  /** The server has accepted the watch; the first event may be long in coming. */
  onOpen?: () => void;
}

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: KubeObject }
  | { type: 'ERROR'; object: { code?: number; message?: string; reason?: string } };

/**
 * The API server of one cluster. Everything foreign is translated here, once.
 *
 * Errors of `request`: NotFound (404), Conflict (409), PlatformRefused (400, 422, other 4xx, and 403 by an admission policy),
 * PlatformAuth (401, 403 by RBAC), PlatformCapacity (403 by a quota), PlatformUnavailable (no connection, 429 and 503 with
 * `retry.afterMs` of Retry-After, other 5xx, 403 because a namespace is going away), PlatformInDoubt (a write whose answer was
 * lost, 502, 504 and time-outs of the server's store), Aborted (closed, or the signal was aborted before a write was sent or
 * before a read was answered). Details: `status` (HTTP), `reason` and `causes` of metav1.Status.
 */
export interface KubernetesApi {
  /** For people: `https://10.0.0.1:6443`. */
  readonly server: string;
  request<T = KubeObject>(request: KubernetesRequest): Promise<KubernetesAnswer<T>>;
  /**
   * Events of one watch until the server or the signal ends it. Bounded: the reader's pace is the sender's.
   * @throws SkerryError as `request`; PlatformUnavailable when the connection breaks
   */
  watch(request: KubernetesWatch): AsyncIterable<WatchEvent>;
  close(): void;
}
