import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import type { CallContext, Connector, DesiredUnit, ObservedUnit } from '#shared/connector/index.ts';
import { isSkerryError, type SkerryError } from '#shared/errors/index.ts';
import { type Incarnation, type InfraId, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { type Clock, silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { digestOf } from '#shared/wire/digest.ts';
import { kubeconfigFile, TestCluster, until } from './cluster.ts';
import { FaultProxy } from './fault-proxy.ts';

const infraId = id<InfraId>('infra-1');

/**
 * A connector that reaches the cluster through a fault proxy only, a namespace of its own, and what an agent would do with
 * the connector: observe, ensure what is due, again after a failure.
 */
export class ProxiedSite {
  readonly proxy: FaultProxy;
  readonly cluster: TestCluster;
  readonly namespace: string;
  readonly owner = id<OwnerId>(`agent-${systemRandom.hex(4)}`);
  /** Of the last call that failed. */
  lastError: unknown;
  readonly #home: string;
  #connector: Connector | undefined;
  #ordinal = 0;

  private constructor(parts: { proxy: FaultProxy; cluster: TestCluster; namespace: string; home: string }) {
    this.proxy = parts.proxy;
    this.cluster = parts.cluster;
    this.namespace = parts.namespace;
    this.#home = parts.home;
  }

  static async open(): Promise<ProxiedSite> {
    const cluster = await TestCluster.open();
    const site = new ProxiedSite({
      cluster,
      proxy: await FaultProxy.open(kubeconfigFile ?? ''),
      namespace: await cluster.makeNamespace('skerry-faults'),
      home: await mkdtemp(path.join(os.tmpdir(), 'skerry-faults-')),
    });
    try {
      await site.restart();
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  get connector(): Connector {
    assert.ok(this.#connector !== undefined);
    return this.#connector;
  }

  /** A new life of the agent: it knows nothing but what the cluster remembers. `speed`: its time runs faster. */
  async restart({ speed = 1 }: { speed?: number } = {}): Promise<void> {
    await this.#connector?.close();
    const registry = createConnectorRegistry({
      ...{ home: this.#home, clock: fasterClock(speed), random: systemRandom, log: silentLogger },
      kubernetes: { helm: 'helm', kustomize: 'kubectl', path: process.env['PATH'] ?? '', allowsExec: false },
    });
    const settings = { kubeconfig: this.proxy.kubeconfig };
    this.#connector = await registry.open({ infraId, name: 'lab', kind: 'kubernetes', settings });
  }

  context(timeoutMs = 20_000): CallContext {
    return { signal: AbortSignal.timeout(timeoutMs), clock: systemClock, log: silentLogger };
  }

  /** A unit of plain manifests in this site's namespace, or another. */
  manifests(objects: JsonObject[], more: { namespace?: string; timeoutS?: number } = {}): DesiredUnit {
    this.#ordinal += 1;
    const key = id<ObjectKey>(`manifests/unit-${this.#ordinal}`);
    const spec = { name: `unit-${this.#ordinal}`, namespace: this.namespace, ...more, objects };
    return {
      key,
      kind: 'manifests',
      owner: this.owner,
      incarnation: id<Incarnation>(`${this.#ordinal}-${systemRandom.hex(8)}`),
      name: systemRandom.uuid(),
      revision: 1,
      dependencies: {},
      spec,
      specDigest: digestOf({ kind: 'manifests', spec }),
    };
  }

  /** The same unit, asked for anew with other objects. */
  changed(unit: DesiredUnit, objects: JsonObject[]): DesiredUnit {
    const spec = { ...unit.spec, objects };
    const specDigest = digestOf({ kind: 'manifests', spec });
    return { ...unit, spec, specDigest, revision: unit.revision + 1, mustExist: true };
  }

  async seen(unit: DesiredUnit): Promise<ObservedUnit | undefined> {
    const observed = await this.connector.observe(this.context(), this.owner);
    return observed.find(({ incarnation }) => incarnation === unit.incarnation);
  }

  /** Until the unit is as asked for, or has been given up. */
  converge(unit: DesiredUnit, patienceMs = 30_000): Promise<ObservedUnit> {
    const isFirst = { value: true };
    return until(
      () =>
        this.#attempt(async () => {
          const found = await this.seen(unit);
          if (found !== undefined && isEnd(found, unit)) return found;
          const isAsked = found?.specDigest === unit.specDigest;
          const isDue = !isAsked || found.drifted || found.isStepDue === true || isFirst.value;
          if (!isDue) return undefined;
          isFirst.value = false;
          const made = await this.connector.ensure(this.context(), unit);
          return isEnd(made, unit) ? made : undefined;
        }),
      `${unit.key} converges (${unit.spec['name']})`,
      patienceMs,
    ).catch((error) => {
      throw new Error(error.message, { cause: this.lastError });
    });
  }

  removed(unit: DesiredUnit, patienceMs = 30_000): Promise<true> {
    return until(
      () =>
        this.#attempt(async () => {
          if ((await this.seen(unit)) === undefined) return true;
          await this.connector.remove(this.context(), unit);
          return undefined;
        }),
      `${unit.key} is gone`,
      patienceMs,
    );
  }

  /** What a call throws, once what was done to the proxy has been noticed. */
  fails(call: () => Promise<unknown>): Promise<SkerryError> {
    return until(() => call().then(() => undefined, asSkerryError), 'the call fails', 2000);
  }

  /** So many config maps of ours are there, all with this greeting. */
  async assertConfigMaps(count: number, greeting: string): Promise<void> {
    const labels = `skerry.io/owner=${this.owner}`;
    const found = await this.cluster.list('v1', 'ConfigMap', { namespace: this.namespace, labels });
    const greetings = found.map(({ data }) => (data as { greeting?: string }).greeting);
    assert.deepEqual(greetings, Array(count).fill(greeting));
  }

  async close(): Promise<void> {
    this.proxy.heal();
    await this.#connector?.close();
    await this.proxy.close();
    await this.cluster.removeNamespace(this.namespace);
    this.cluster.close();
    await rm(this.#home, { recursive: true, force: true });
  }

  /** What fails is tried again, as an agent does. */
  async #attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!isSkerryError(error)) throw error;
      this.lastError = error;
      return undefined;
    }
  }
}

/** What is thrown by a call that must fail. */
export function errorOf(call: Promise<unknown>): Promise<SkerryError> {
  return call.then(() => assert.fail('nothing was thrown'), asSkerryError);
}

function asSkerryError(error: unknown): SkerryError {
  if (isSkerryError(error)) return error;
  throw error;
}

function isEnd(found: ObservedUnit, unit: DesiredUnit): boolean {
  if (found.givenUp?.revision === unit.revision) return true;
  const isAsked = found.specDigest === unit.specDigest;
  return isAsked && found.phase === 'ready' && !found.drifted && found.isStepDue !== true;
}

/** Ten, or as many as wanted, of the smallest things there are. */
export function configMaps(prefix: string, count: number, greeting = 'hello'): JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${prefix}-${index}` },
    data: { greeting },
  }));
}

function fasterClock(speed: number): Clock {
  return {
    now: () => systemClock.now(),
    mono: () => systemClock.mono() * speed,
    timer: (ms, run) => systemClock.timer(ms / speed, run),
  };
}
