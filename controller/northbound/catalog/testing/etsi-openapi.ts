import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const folder = new URL('../../../../../shared/data/etsi/openapi/', import.meta.url);

/** For tests: ETSI's own OpenAPI file of an API, or the reason why it cannot be read. */
export function etsiOpenApi(name: string): { skip: string } | { validate(schema: string, body: unknown): void } {
  const file = new URL(`${name}.json`, folder);
  if (!existsSync(file)) return { skip: `${name}.json is not in ../shared/data/etsi/openapi` };
  const document = JSON.parse(readFileSync(file, 'utf8')) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: name, ...document });
  return {
    validate(schema, body) {
      const check = ajv.getSchema(`${name}#/components/schemas/${schema}`);
      if (check === undefined) throw new Error(`${name} has no schema ${schema}`);
      if (check(body) !== true) throw new Error(`not a ${schema}: ${ajv.errorsText(check.errors)}`);
    },
  };
}
