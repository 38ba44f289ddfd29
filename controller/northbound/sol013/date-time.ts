/** DateTime of ETSI GS NFV-SOL 013 clause 7.2.2 (RFC 3339, UTC) from epoch milliseconds. */
export function dateTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
