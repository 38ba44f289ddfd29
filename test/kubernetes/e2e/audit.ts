import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A change that an agent made, as the API server tells it. */
export interface AuditedChange {
  what: 'create' | 'change' | 'delete';
  namespace: string;
  /** `resource.group/name` */
  object: string;
  atMs: number;
}

interface AuditEvent {
  verb: string;
  userAgent?: string;
  requestURI: string;
  stage: string;
  objectRef?: { resource?: string; namespace?: string; name?: string; apiGroup?: string; subresource?: string };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
}

/** Reads what agents changed in some namespaces, the namespaces themselves included, since this was made. */
export class AuditLog {
  readonly #file: string;
  readonly #from: number;

  constructor(file: string) {
    this.#file = file;
    this.#from = statSync(file).size;
  }

  async changes(namespaces: ReadonlySet<string>): Promise<AuditedChange[]> {
    const isRotated = statSync(this.#file).size < this.#from;
    const lines = createInterface({ input: createReadStream(this.#file, { start: isRotated ? 0 : this.#from }) });
    const found: AuditedChange[] = [];
    for await (const line of lines) {
      const change = line.includes('"skerry-agent/') ? changeOf(line) : undefined;
      if (change !== undefined && namespaces.has(change.namespace)) found.push(change);
    }
    return found;
  }
}

function changeOf(line: string): AuditedChange | undefined {
  let event: AuditEvent;
  try {
    event = JSON.parse(line) as AuditEvent;
  } catch {
    // Cut in the middle by a kill.
    return undefined;
  }
  const { verb, objectRef = {}, responseStatus, stage, requestURI } = event;
  const { resource = '', apiGroup = '', name = nameIn(requestURI), subresource } = objectRef;
  const code = responseStatus?.code ?? 0;
  if (stage !== 'ResponseComplete' || code >= 300 || subresource !== undefined) return undefined;
  if (!['create', 'patch', 'update', 'delete'].includes(verb)) return undefined;
  const what = verb === 'delete' ? 'delete' : code === 201 ? 'create' : 'change';
  // A namespace is told as an object in itself.
  const namespace = resource === 'namespaces' ? name : (objectRef.namespace ?? '');
  return {
    what,
    namespace,
    object: `${resource}.${apiGroup}/${name}`,
    atMs: Date.parse(event.requestReceivedTimestamp),
  };
}

function nameIn(requestUri: string): string {
  return new URL(requestUri, 'https://server').pathname.split('/').at(-1) ?? '';
}
