import type { ClassicLevel } from 'classic-level';
import { Level as AnyLevel } from 'level';

/** `level`, typed as what it is on Node: its own types speak for browsers too and know neither `getSync` nor `repair`. */
export const Level = AnyLevel as unknown as typeof ClassicLevel;
export type Level<K = string, V = string> = ClassicLevel<K, V>;
