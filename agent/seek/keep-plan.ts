import type { ObjectKey } from '#shared/model/ids.ts';
import { isRecordStep, type UnitPlan } from '../plan/index.ts';
import type { Transaction } from '../store/agent-store.ts';
import type { SeekContext } from './seek-context.ts';

/** Makes a plan's record steps durable; a death that local policy mends is counted, and tells when there are too many. */
export function keepPlan(context: SeekContext, tx: Transaction, key: ObjectKey, plan: UnitPlan): void {
  if (!plan.steps.some(isRecordStep)) return;
  const { journal, policy, outbox } = context;
  const isDeath = plan.steps.some((step) => step.do === 'condemn' && step.reason === 'dead');
  if (plan.record === undefined || !isDeath) {
    journal.keep(tx, key, plan.record);
    return;
  }
  const deaths = policy.noteDeath(plan.record.deaths);
  if (deaths.isAlarmed && plan.record.deaths?.isAlarmed !== true)
    outbox.append(tx, 'alarms', policy.flappingAlarm(key, plan.record.scope, true));
  journal.keep(tx, key, { ...plan.record, deaths });
}
