/** A statement about an object at one generation. Unreachable is `Unknown`, never `False`. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** One CamelCase word for machines. */
  reason: string;
  message: string;
  observedGeneration?: number;
  /** Epoch milliseconds. */
  at: number;
}
