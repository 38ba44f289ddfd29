import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

const folder = new URL('../../../../shared/data/etsi/openapi/', import.meta.url);
const files: Record<string, string> = {
  vnfpkgm: 'VNFPackageManagement',
  nsd: 'NSDManagement',
  nslcm: 'NSLifecycleManagement',
  nfvici: 'NFVICapacityInformation',
};

type Json = Record<string, unknown>;
interface ApiFile {
  id: string;
  document: { paths: Record<string, Json>; components: { schemas: Record<string, Json> } };
}

export const reasonToSkip = existsSync(folder) ? false : 'ETSI OpenAPI files are not in ../shared/data/etsi/openapi';

/** ETSI's own OpenAPI files as a judge: of every answer, by method, path and status, and of every notification by its type. */
export class EtsiContract {
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  readonly #apis = new Map<string, ApiFile>();
  readonly #notifications = new Map<string, ApiFile>();
  /** Judged answers, `METHOD path status`, for the record of a run. */
  readonly judged = new Set<string>();

  constructor() {
    for (const [api, name] of Object.entries(files)) {
      this.#apis.set(api, this.#load(`SOL005-3.7.1-${name}`));
      this.#notifications.set(api, this.#load(`SOL005-3.7.1-${name}Notification`));
    }
  }

  /** Complaints about an answer; undefined when ETSI's file has no such resource. */
  answer(method: string, path: string, { status, body }: { status: number; body: unknown }): string[] | undefined {
    const [, api = '', , ...rest] = path.split('?', 1)[0]!.split('/');
    const file = this.#apis.get(api);
    const found = file && findPath(file, `/${rest.join('/')}`);
    if (!file || !found) return undefined;
    const operation = found.operations[method.toLowerCase()] as { responses: Json } | undefined;
    if (operation === undefined) return status === 405 ? [] : [`${method} is not declared on ${found.template}`];
    const response = deref(file, operation.responses[String(status)]);
    // ETSI GS NFV-SOL 013 clause 6.4 allows its error codes on every resource, whether or not the file repeats them.
    if (response === undefined && status >= 400) {
      return this.#check(file, { $ref: '#/components/schemas/ProblemDetails' }, body);
    }
    if (response === undefined) return [`${status} is not declared for ${method} ${found.template}`];
    this.judged.add(`${method} ${api} ${found.template} ${status}`);
    const content = response['content'] as Record<string, { schema?: Json }> | undefined;
    const schema = content?.['application/json']?.schema ?? content?.['application/problem+json']?.schema;
    if (schema === undefined || body === undefined) return [];
    return this.#check(file, schema, body);
  }

  notification(api: string, body: { notificationType?: unknown }): string[] {
    const type = String(body.notificationType);
    const file = this.#notifications.get(api);
    if (file?.document.components.schemas[type] === undefined) return [`${type} is not a notification of ${api}`];
    this.judged.add(`notification ${api} ${type}`);
    return this.#check(file, { $ref: `#/components/schemas/${type}` }, body);
  }

  /** Every resource of the files with the methods that it has; `api_versions` lists only what it refuses. */
  resources(): { api: string; template: string; methods: string[] }[] {
    return [...this.#apis].flatMap(([api, { document }]) =>
      Object.entries(document.paths)
        .filter(([path]) => path !== '/api_versions')
        .map(([path, operations]) => ({
          api,
          template: path.replace(/^\/nslcm\/v1/, ''),
          methods: Object.keys(operations)
            .filter((name) => name !== 'parameters')
            .map((name) => name.toUpperCase()),
        })),
    );
  }

  #load(name: string): ApiFile {
    const document = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as ApiFile['document'];
    const { schemas } = document.components;
    // Says "formatted according to the request data type", yet gives the enumeration of operation names.
    const operation = schemas['NsLcmOpOcc'] as { properties: Json } | undefined;
    if (operation) operation.properties['operationParams'] = { type: 'object' };
    // The rule is about `changedInfo`, whose members are not members of AffectedVnf.
    delete schemas['AffectedVnf']?.['anyOf'];
    this.#ajv.addSchema({ $id: name, ...document });
    return { id: name, document };
  }

  #check(file: ApiFile, schema: Json, body: unknown): string[] {
    const text = JSON.stringify(schema).replaceAll('"#/', `"${file.id}#/`);
    const check: ValidateFunction = this.#ajv.compile(JSON.parse(text) as object);
    return check(body) ? [] : [this.#ajv.errorsText(check.errors)];
  }
}

function findPath(file: ApiFile, path: string): { template: string; operations: Json } | undefined {
  for (const [declared, operations] of Object.entries(file.document.paths)) {
    // Two paths repeat the base of version 1 inside that of version 2.
    const template = declared.replace(/^\/nslcm\/v1/, '');
    const pattern = template.replace(/\{artifactPath\}/, '.+').replace(/\{\w+\}/g, '[^/]+');
    if (new RegExp(`^${pattern}$`).test(path)) return { template, operations };
  }
  return undefined;
}

function deref(file: ApiFile, node: unknown): Json | undefined {
  const reference = (node as { $ref?: string } | undefined)?.$ref;
  if (reference === undefined) return node as Json | undefined;
  const segments = reference.split('/').slice(1);
  return segments.reduce<unknown>((at, segment) => (at as Json)[segment], file.document) as Json;
}
