import type { DesiredUnit, WorkloadSpec } from '#shared/connector/index.ts';
import { type KubeObject, type ObjectRef, refKey, refOf } from '../objects/kube-object.ts';
import { hooksOf } from './hook-order.ts';
import type { RenderedUnit } from './render-unit.ts';
import { historyLimit, type Release, type ReleaseNote, type UnitRecord, type UnitStep } from './unit-record.ts';

/** Pure: what becomes of a unit's record. Each result is written to the cluster before anything else happens. */

export function firstRecord(unit: DesiredUnit, rendered: RenderedUnit): UnitRecord {
  const target = releaseOf(unit, rendered, { no: 1, cause: 'install' });
  return {
    format: 1,
    key: unit.key,
    kind: unit.kind,
    incarnation: unit.incarnation,
    unitName: unit.name,
    namespace: rendered.namespace,
    revision: unit.revision,
    askedDigest: unit.specDigest,
    services: servicesOf(unit),
    extraFacts: rendered.facts ?? {},
    step: firstStep(target),
    target,
    leftovers: [],
    history: [],
  };
}

/** Another spec, or another try. What worked last is what a failure goes back to. */
export function nextRecord(record: UnitRecord, unit: DesiredUnit, rendered: RenderedUnit): UnitRecord {
  const { givenUp: _, ...rest } = record;
  const isFirstStill = record.former === undefined && record.step !== 'done' && record.target.cause === 'install';
  const cause = isFirstStill ? 'install' : 'upgrade';
  const former = record.step === 'done' ? record.target : record.former;
  const target = releaseOf(unit, rendered, { no: record.target.no + 1, cause });
  return {
    ...withoutFormer(rest),
    revision: unit.revision,
    askedDigest: unit.specDigest,
    services: servicesOf(unit),
    extraFacts: rendered.facts ?? {},
    step: firstStep(target),
    hooksDone: 0,
    target,
    ...(former === undefined ? {} : { former }),
    leftovers: leftoversOf(record, target),
  };
}

/** The target cannot be made true. Goes back to what worked last; without such a thing it stays as it is, and is said to have failed. */
export function giveUp(record: UnitRecord, reason: string, at: number): UnitRecord {
  const failed = noteOf(record.target, { status: 'failed', description: reason, at });
  const history = [failed, ...record.history].slice(0, historyLimit);
  const { former, target, revision } = record;
  if (former === undefined) {
    const before = record.givenUp === undefined ? '' : `${record.givenUp.reason}; and that failed too: `;
    return { ...record, givenUp: { revision, reason: `${before}${reason}`, isRollingBack: false } };
  }
  const back: Release = { ...former, no: target.no + 1, cause: 'rollback' };
  return {
    ...withoutFormer(record),
    step: firstStep(back),
    hooksDone: 0,
    target: back,
    leftovers: leftoversOf(record, back),
    givenUp: { revision, reason: `${reason}; rolled back to revision ${former.no}`, isRollingBack: true },
    history,
  };
}

/** Everything of the target is there and works. */
export function finish(record: UnitRecord, fields: Record<string, string>, at: number): UnitRecord {
  const { target, givenUp } = record;
  const done = { install: 'Install complete', upgrade: 'Upgrade complete', rollback: 'Rolled back' }[target.cause];
  const note = noteOf(target, { status: 'deployed', description: done, at });
  const older = record.history
    .filter((entry) => entry.no !== target.no)
    .map((entry): ReleaseNote => (entry.status === 'deployed' ? { ...entry, status: 'superseded' } : entry));
  const { givenUp: _, ...rest } = withoutFormer(record);
  const isRolledBack = givenUp !== undefined && target.specDigest !== record.askedDigest;
  return {
    ...rest,
    step: 'done',
    target: { ...target, fields },
    leftovers: [],
    ...(isRolledBack ? { givenUp: { ...givenUp, isRollingBack: false } } : {}),
    history: [note, ...older].slice(0, historyLimit),
  };
}

export function noteOf(release: Release, how: Pick<ReleaseNote, 'status' | 'description' | 'at'>): ReleaseNote {
  const { chart, no } = release;
  return {
    no,
    chart: chart === undefined ? '' : `${chart.name}-${chart.version}`,
    appVersion: chart?.appVersion ?? '',
    ...how,
    description: how.description.slice(0, 500),
  };
}

function releaseOf(unit: DesiredUnit, rendered: RenderedUnit, which: Pick<Release, 'no' | 'cause'>): Release {
  const { objects, hooks, timeoutS, chart, values, releaseName } = rendered;
  return {
    ...which,
    specDigest: unit.specDigest,
    objects,
    hooks,
    fields: {},
    timeoutS,
    ...(chart === undefined ? {} : { chart }),
    ...(values === undefined ? {} : { values }),
    ...(releaseName === undefined ? {} : { releaseName }),
  };
}

/** Straight to the objects where no hook comes before them. */
function firstStep(target: Release): UnitStep {
  return hooksOf(target, `pre-${target.cause}`).length > 0 ? 'before' : 'applying';
}

function servicesOf({ spec }: DesiredUnit): { name: string }[] {
  const { services } = spec as unknown as Partial<WorkloadSpec>;
  return (services ?? []).map(({ name }) => ({ name }));
}

/** What earlier targets made and this one does not have. */
function leftoversOf(record: UnitRecord, target: Release): ObjectRef[] {
  const kept = new Set(target.objects.map((object) => refKey(refOf(object))));
  const earlier: (KubeObject | ObjectRef)[] = [
    ...record.leftovers,
    ...record.target.objects,
    ...(record.former?.objects ?? []),
  ];
  const left = new Map<string, ObjectRef>();
  for (const item of earlier) {
    const ref = 'metadata' in item ? refOf(item) : item;
    if (!kept.has(refKey(ref))) left.set(refKey(ref), ref);
  }
  return [...left.values()];
}

function withoutFormer<T extends { former?: Release }>({ former: _, ...rest }: T): Omit<T, 'former'> {
  return rest;
}
