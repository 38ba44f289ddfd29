import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { computeObject, infraObject, key, networkObject, operationObject } from './scripted-intent.ts';
import { SimulatedSite } from './simulated-site.ts';

/**
 * A site whose agent is thrown away at the n-th point where a process could die: before and after every platform call, before
 * every write of its disk. What the dead agent still does is lost, as its disk is taken over by the next.
 */
class MortalSite extends SimulatedSite {
  /** Points passed so far in all lives. */
  points = 0;
  #deadlyPoint = Number.POSITIVE_INFINITY;
  #isDead = false;
  #life = 0;

  constructor(seed: number) {
    super(seed);
    this.crash = () => this.#pass(0);
    this.medium.beforeWrite = () => this.#pass(this.#life);
  }

  dieAt(point: number): void {
    this.#deadlyPoint = point;
  }

  /** Lets time pass; if the agent died, starts the next one. */
  async live(ms: number): Promise<void> {
    await this.pass(ms);
    if (!this.#isDead) return;
    this.#isDead = false;
    this.#life += 1;
    const life = this.#life;
    this.crash = () => this.#pass(life);
    await this.boot();
    await this.pass(ms);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Never resolves for an agent that is dead. */
  #pass(life: number): Promise<void> | void {
    if (life === this.#life && !this.#isDead) {
      this.points += 1;
      if (this.points !== this.#deadlyPoint) return;
      this.#isDead = true;
    }
    return new Promise(() => {});
  }
}

/** The story: make a service, change it, heal it, take a part of it away. */
async function play(site: MortalSite): Promise<void> {
  const commit = async (...change: Parameters<SimulatedSite['intent']['commit']>) => {
    // A crash while the intent is being written: the centre sends it again.
    const before = site.intent.head().generation;
    void site.intent.commit(...change).catch(() => undefined);
    await site.live(60_000);
    if (site.intent.head().generation === before) {
      await site.intent.commit(...change);
      await site.live(60_000);
    }
  };
  await site.boot();
  await commit([infraObject({ latencyMs: { call: 3, boot: 50 } })]);
  await commit([networkObject('lan'), computeObject('vm', ['lan']), computeObject('old')]);
  await commit([computeObject('vm', ['lan'], { vcpus: 2 })]);
  const incarnation = site.seek.journal().find(([name]) => name === 'compute/vm')?.[1].current?.incarnation;
  await commit([
    operationObject({ opId: 'op-1', verb: 'heal', target: key('compute/vm'), precondition: { incarnation } }),
  ]);
  await commit([], [{ key: key('compute/old'), scope: 'ns-1', opId: 'op-2' }]);
  await site.pass(120_000);
}

function judge(site: MortalSite): void {
  const world = site.control.world();
  assert.deepEqual(world.units.map((unit) => unit.key).sort(), ['compute/vm', 'network/lan'], 'exactly what is wanted');
  for (const [name, count] of Object.entries(world.effects))
    assert.ok(count.creates <= 1, `${name} was created ${count.creates} times`);
  assert.deepEqual(site.reports('decisions', 'healed'), [], 'what was never made has not died');
  assert.equal(world.units.find((unit) => unit.key === 'compute/vm')?.resources.vcpus, 2);
  const results = site.reports('results', 'operation-result');
  assert.deepEqual(
    results.map(({ opId, result }) => `${opId} ${result}`),
    ['op-1 done'],
    'one terminal result',
  );
  const reached = site.reports('results', 'reached').filter((body) => body.scope === 'ns-1');
  assert.equal(reached.at(-1)?.generation, site.intent.head().generation, 'the last generation was reached');
  const generations = reached.map((body) => body.generation);
  assert.deepEqual(generations, [...new Set(generations)], 'once per generation');
  assert.deepEqual(
    site.seek.units().map((unit) => unit.isReady),
    [true, true],
  );
}

describe('an agent that dies at any point', () => {
  test('does its work without a death', async () => {
    const site = new MortalSite(1);
    await play(site);
    judge(site);
    assert.equal(site.effects()['compute/vm']?.length, 2, 'made, and healed once');
    await site.stop();
  });

  test('converges with every effect done once, wherever it dies', { timeout: 60_000 }, async () => {
    const whole = new MortalSite(1);
    await play(whole);
    const points = whole.points;
    await whole.stop();
    assert.ok(points > 40, `only ${points} points to die at`);
    for (let point = 1; point <= points; point += 1) {
      const site = new MortalSite(1);
      site.dieAt(point);
      await play(site);
      try {
        assert.equal(site.boots, 2, 'it died');
        judge(site);
      } catch (error) {
        throw new Error(`died at point ${point} of ${points}`, { cause: error });
      }
    }
  });
});
