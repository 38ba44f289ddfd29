import type { ObservedUnit, UnitFacts } from '#shared/connector/index.ts';
import { isFoundation } from '../objects/apply-order.ts';
import { type KubeObject, type ObjectRef, refOf, refText } from '../objects/kube-object.ts';
import { podFacts, serviceFacts, workloadFacts } from '../objects/workload-facts.ts';
import { type Examination, examine } from './examine-release.ts';
import { type HookEvent, hooksOf, runsToItsEnd } from './hook-order.ts';
import { observeVirtualMachine } from './observe-virtual-machine.ts';
import type { OwnedWorld, RecordView } from './owned-world.ts';
import { type ReleaseProgress, removalNo } from './release-progress.ts';
import type { Tracked } from './tracked-object.ts';
import type { ChartFacts } from './unit-record.ts';

type State = Pick<ObservedUnit, 'phase' | 'drifted'> & { message?: string; isStepDue?: boolean };

/** What a unit is now, from what its record asks and what the cluster shows. */
export function observeUnit(world: OwnedWorld, progress: ReleaseProgress, view: RecordView): ObservedUnit {
  const { key, kind, incarnation, unitName, givenUp, target, askedDigest } = view;
  const state = progress.isRemoving(unitName) ? removalState(world, progress, view) : stateOf(world, progress, view);
  const isRollingBack = givenUp?.isRollingBack === true;
  return {
    key,
    kind,
    incarnation,
    specDigest: isRollingBack ? askedDigest : target.specDigest,
    platformId: platformIdOf(view),
    ...state,
    ...(givenUp === undefined || isRollingBack
      ? {}
      : { givenUp: { revision: givenUp.revision, reason: givenUp.reason } }),
    facts: factsOf(world, view),
  };
}

function stateOf(world: OwnedWorld, progress: ReleaseProgress, view: RecordView): State {
  const present = progress.of(view.unitName, view.target.no);
  if (view.step === 'before' || view.step === 'after') {
    const now = hookState(world, view, present);
    const isLate = present !== undefined && progress.isLate(present);
    return { phase: 'pending', drifted: false, message: now.message, isStepDue: now.isDue || isLate };
  }
  const found = examine(world, view, present);
  const trouble = found.waitsFor === '' ? {} : { message: messageOf(view, found) };
  if (view.step === 'done') return { phase: found.isReady ? 'ready' : 'pending', drifted: isAstray(found), ...trouble };
  const isFinal = view.givenUp !== undefined && !view.givenUp.isRollingBack;
  const pending = { phase: 'pending', drifted: false, ...trouble } as const;
  // It may come up after all.
  if (isFinal) return { ...pending, isStepDue: found.isReady };
  if (present?.isApplied !== true) {
    const isDue = present === undefined || areFoundationsReady(world, view);
    return { ...pending, message: 'is being applied', isStepDue: isDue };
  }
  const isOver = found.failure !== undefined || progress.isLate(present);
  // What somebody changed meanwhile is applied again with the next step.
  return { ...pending, isStepDue: found.isReady || isOver || isAstray(found) };
}

function isAstray(found: Examination): boolean {
  return found.astray.length > 0;
}

function messageOf({ givenUp }: RecordView, { waitsFor }: Examination): string {
  return givenUp?.isRollingBack === true ? `rolling back: ${waitsFor}` : waitsFor;
}

function hookState(
  world: OwnedWorld,
  view: RecordView,
  present: ReturnType<ReleaseProgress['of']>,
): { isDue: boolean; message: string } {
  const event = `${view.step === 'before' ? 'pre' : 'post'}-${view.target.cause}` as const;
  return waitForHook(world, view, { event, present });
}

/** The hook that is under way for an event; due when it has ended, or none is left. */
function waitForHook(
  world: OwnedWorld,
  view: RecordView,
  { event, present }: { event: HookEvent; present: ReturnType<ReleaseProgress['of']> },
): { isDue: boolean; message: string } {
  const hook = hooksOf(view.target, event)[present?.hookIndex ?? 0];
  if (hook === undefined || present === undefined) return { isDue: true, message: `${event} hooks are due` };
  const tracked = world.find(view.unitName, refOf(hook));
  const message = `waits for the ${event} hook ${hook.metadata.name}`;
  if (!present.isHookMade) return { isDue: tracked === undefined || !tracked.isDeleting, message };
  if (!runsToItsEnd(hook) || tracked === undefined) return { isDue: true, message };
  return { isDue: tracked.hasEnded || tracked.readiness.state === 'failed', message };
}

function areFoundationsReady(world: OwnedWorld, view: RecordView): boolean {
  return (
    view.target.refs
      .filter((ref) => isFoundation(ref.kind))
      .map((ref) => world.find(view.unitName, ref))
      // One that is not there (any more) is not waited for: it has to be made, or is somebody else's by now.
      .every((tracked) => tracked === undefined || tracked.readiness.state === 'ready')
  );
}

function removalState(world: OwnedWorld, progress: ReleaseProgress, view: RecordView): State {
  const present = progress.of(view.unitName, removalNo);
  const removing = { phase: 'removing', drifted: false } as const;
  const stage = present?.stage;
  if (stage === 'pre' || stage === 'post') {
    const hook = waitForHook(world, view, { event: `${stage}-delete`, present });
    const isLate = present !== undefined && progress.isLate(present);
    return { ...removing, message: hook.message, isStepDue: hook.isDue || isLate };
  }
  const left = leftOf(world, view.unitName);
  const [first] = left;
  if (first === undefined) return { ...removing, isStepDue: true };
  const more = left.length > 1 ? ` and ${left.length - 1} more` : '';
  return {
    ...removing,
    message: `waits until ${refText(first.ref)}${more} are gone`,
    isStepDue: present === undefined,
  };
}

/** Objects of a unit that stand in the way of its end: all but records, and what its author wants to be kept. */
export function leftOf(world: OwnedWorld, unitName: string): Tracked[] {
  return world
    .ofUnit(unitName)
    .filter((tracked) => tracked.packed === undefined && !tracked.isKept && !isHelmSecret(tracked.ref));
}

export function isHelmSecret({ kind, name }: ObjectRef): boolean {
  return kind === 'Secret' && name.startsWith('sh.helm.release.v1.');
}

function platformIdOf({ kind, namespace, target, unitName }: RecordView): string {
  const [only] = target.refs;
  const name = target.releaseName ?? (target.refs.length === 1 ? only?.name : undefined) ?? unitName;
  return `${kind}/${namespace}/${name}/${unitName.slice(0, 8)}`;
}

function chartFacts({ name, version, appVersion }: ChartFacts) {
  return { chart: name, version, appVersion };
}

const factsLimit = 50;

function factsOf(world: OwnedWorld, view: RecordView): UnitFacts {
  const own = world.ofUnit(view.unitName);
  const sources = own.flatMap(({ source }) => source ?? []);
  const of = (...kinds: string[]) => sources.filter((source) => kinds.includes(source.kind));
  const { addresses, services } = serviceFacts(of('Service'), view.services);
  const workloads = workloadFacts(sources);
  const pods = podFacts(of('Pod') as KubeObject[]);
  const { target, history, namespace } = view;
  const machines = of('VirtualMachine').map((machine) => {
    const instance = of('VirtualMachineInstance').find(({ metadata }) => metadata.name === machine.metadata.name);
    return observeVirtualMachine(machine, instance).addresses;
  });
  return {
    addresses: Object.assign({}, addresses, ...machines) as Record<string, string[]>,
    namespace,
    ...(services.length > 0 ? { services: services.slice(0, factsLimit) } : {}),
    ...(workloads.length > 0 ? { workloads: workloads.slice(0, factsLimit) } : {}),
    ...(pods.length > 0 ? { pods: pods.slice(0, factsLimit) } : {}),
    ...view.extraFacts,
    release: {
      revision: target.no,
      status: view.step === 'done' ? 'deployed' : `pending-${target.cause}`,
      ...(target.chart === undefined ? {} : chartFacts(target.chart)),
      ...(target.releaseName === undefined ? {} : { name: target.releaseName }),
      history,
    },
  };
}
