/** Factor by suffix of a Kubernetes quantity (`100m`, `1.5Gi`); case matters: `m` is a thousandth, `M` a million. */
const factors: ReadonlyMap<string, number> = new Map([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
]);

/** Sign, digits, then either an exponent or a suffix. Bounded, so that no text takes long. */
const form = /^([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Amount in the quantity's own unit (cores, bytes, pieces); undefined for what is no quantity. */
export function parseQuantity(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  if (typeof quantity !== 'string') return undefined;
  const [, digits, exponent, suffix = ''] = form.exec(quantity.trim()) ?? [];
  if (digits === undefined) return undefined;
  const factor = factors.get(suffix) ?? 1;
  // Division keeps `100m` at 0.1, where a product would end in rounding.
  const value = exponent !== undefined ? Number(`${digits}e${exponent}`) : scale(Number(digits), factor);
  return Number.isFinite(value) ? value : undefined;
}

function scale(amount: number, factor: number): number {
  return factor < 1 ? amount / Math.round(1 / factor) : amount * factor;
}

/** An amount that cannot be read counts as nothing. */
export function quantityOr0(quantity: unknown): number {
  return parseQuantity(quantity) ?? 0;
}
