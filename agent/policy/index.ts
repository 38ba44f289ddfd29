export { createHealingPolicy, type HealingPolicy, type HealingPolicyOptions } from './healing-policy.ts';
