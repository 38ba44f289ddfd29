import type { LinkedIntentBook } from '#controller/intent-book/index.ts';
import type { IncomingReport, IncomingState, ReportSink } from '#controller/inventory/index.ts';
import { type AgentId, type Incarnation, id, type ObjectKey } from '#shared/model/ids.ts';
import type { Store } from '#shared/store/store.ts';
import type { IntentObject, ReportBody, UnitState } from '#shared/wire/frames.ts';

export interface ControllerSide {
  store: Store;
  book: LinkedIntentBook;
  sink: ReportSink;
}

/** An agent that does what the test says: it reads its intent and answers, when told to. */
export class ScriptedAgent {
  readonly id: AgentId;
  /** Keys of objects that fail at their present revision. */
  failing: (object: IntentObject) => boolean = () => false;
  /** Why failing objects were given up, when their platform does such a thing and what was there before runs. */
  givenUp: string | undefined;
  actionResult: 'done' | 'failed' | 'stale' = 'done';
  #seq = 0;
  #answered = new Set<string>();
  #failed = new Set<string>();

  constructor(agentId: AgentId) {
    this.id = agentId;
  }

  /** One look at the intent: units, failures, actions and, where all of a scope is well, `reached`. */
  async answer(controller: ControllerSide): Promise<void> {
    const { generation, objects, tombstones } = await controller.book.snapshot(this.id);
    const lineage = controller.book.lineage();
    const bodies: ReportBody[] = [];
    const states: IncomingState[] = [];
    const scopes = new Set([...objects, ...tombstones].map((object) => object.scope).filter((scope) => scope !== ''));
    for (const scope of scopes) {
      const own = objects.filter((object) => object.scope === scope);
      const units = own.filter((object) => object.body.type === 'unit');
      const failed = units.filter(this.failing);
      bodies.push(...this.#results(own, lineage));
      for (const unit of failed) bodies.push(...this.#failure(unit, lineage, generation));
      states.push(...units.map((unit) => this.#state(unit, generation, !failed.includes(unit))));
      if (failed.length > 0) continue;
      const reached = units.map(({ key, revision }) => ({
        key,
        revision,
        incarnation: incarnationOf(key),
        value: null,
        facts: {},
      }));
      const removed = tombstones.filter((each) => each.scope === scope).map(({ key, revision }) => ({ key, revision }));
      bodies.push({ type: 'reached', lineage, generation, scope, objects: reached, removed });
    }
    await this.send(controller, bodies, states);
    // What is not acknowledged is said again.
    for (const body of bodies) {
      if (body.type === 'operation-result') this.#answered.add(body.opId);
      if (body.type === 'unit-failed') this.#failed.add(`${body.key}@${body.revision}`);
    }
  }

  async send(controller: ControllerSide, bodies: ReportBody[], states: IncomingState[] = []): Promise<void> {
    const reports = bodies.map((body): IncomingReport => {
      this.#seq += 1;
      return { stream: 'results', seq: this.#seq, recordId: `${this.id}-${this.#seq}`, at: 0, late: false, body };
    });
    const changes = await controller.sink.apply(this.id, 'store-1', reports, states);
    if (changes.length > 0) await controller.store.commit(changes);
    controller.sink.committed(this.id, reports, states);
  }

  #results(objects: readonly IntentObject[], lineage: string): ReportBody[] {
    return objects.flatMap(({ body, scope }) => {
      if (body.type !== 'operation' || this.#answered.has(body.opId)) return [];
      const result = body.cancelled ? ('cancelled' as const) : this.actionResult;
      return [{ type: 'operation-result' as const, lineage, opId: body.opId, scope, result, message: '' }];
    });
  }

  #failure({ key, scope, revision }: IntentObject, lineage: string, generation: number): ReportBody[] {
    if (this.#failed.has(`${key}@${revision}`)) return [];
    const [code, message] = ['PlatformRefused', 'ordered to fail'];
    return [{ type: 'unit-failed', lineage, generation, scope, key, revision, code, message }];
  }

  #state({ key, scope, revision, body }: IntentObject, generation: number, ready: boolean): IncomingState {
    const kind = body.type === 'unit' ? body.kind : 'compute';
    const observed: UnitState['observed'] = {
      key,
      kind,
      incarnation: incarnationOf(key),
      specDigest: '',
      phase: ready || this.givenUp !== undefined ? 'ready' : 'failed',
      ...(ready || this.givenUp === undefined ? {} : { givenUp: { revision, reason: this.givenUp } }),
      platformId: `platform-${key}`,
      drifted: false,
      facts: { addresses: kind === 'compute' ? { eth0: ['10.0.0.5'] } : {} },
    };
    const state: UnitState = { type: 'unit', scope, generation, revision, ready, observed, message: '', attempts: 1 };
    return { key, seq: ++this.#seq, at: 0, body: state };
  }
}

export function incarnationOf(key: ObjectKey): Incarnation {
  return id<Incarnation>(`1-${key.slice(-12)}`);
}
