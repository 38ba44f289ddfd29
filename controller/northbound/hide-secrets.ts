import type { JsonValue } from '#shared/model/json.ts';

const secretNames = /passw|secret|token|credential|private|kubeconfig|(^|[_-])key$|apikey/i;

/** What is secret goes in and never comes out: members whose names tell that they hold a secret. */
export function hideSecrets(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item) => hideSecrets(item) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, secretNames.test(name) ? '(hidden)' : hideSecrets(member)]),
  );
}
