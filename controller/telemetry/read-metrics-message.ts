import { fail, ok, type Result } from '#shared/errors/index.ts';

const metricName = /^[A-Za-z][\w.]{0,95}$/;

/** The values of one message: a JSON object of finite numbers. Untrusted. */
export function readMetricsMessage(
  payload: Buffer,
  maxMetrics: number,
): Result<[name: string, value: number][], string> {
  let content: unknown;
  try {
    content = JSON.parse(payload.toString('utf8'));
  } catch {
    return fail('the message is not JSON');
  }
  if (content === null || typeof content !== 'object' || Array.isArray(content))
    return fail('the message is no object');
  const entries = Object.entries(content);
  if (entries.length > maxMetrics) return fail(`the message holds more than ${maxMetrics} metrics`);
  for (const [name, value] of entries) {
    if (!metricName.test(name)) return fail('a metric has an unsound name');
    if (typeof value !== 'number' || !Number.isFinite(value)) return fail(`the value of ${name} is no number`);
  }
  return ok(entries as [string, number][]);
}
