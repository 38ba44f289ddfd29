import { SkerryError } from '#shared/errors/index.ts';
import { id, type SiteId } from '#shared/model/ids.ts';
import type { Agent, Infra, Site } from '#shared/model/inventory.ts';
import type { Entry, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { claimName, orNameTaken, releaseName } from '../unique-name.ts';
import type { InventoryContext } from './inventory-context.ts';

export async function createSite(
  { store, clock, random }: InventoryContext,
  input: { name: string; description?: string; labels?: Record<string, string> },
): Promise<Site> {
  const site: Site = {
    id: id<SiteId>(random.uuid()),
    name: input.name,
    description: input.description ?? '',
    labels: input.labels ?? {},
    createdAt: clock.now(),
  };
  const claim = claimName('site', site.name, site.id);
  await orNameTaken('site', site.name, () =>
    store.commit([{ key: keys.site(site.id), value: site }, claim.change], { expect: [claim.expect] }),
  );
  return site;
}

export async function updateSite(
  { store }: InventoryContext,
  siteId: SiteId,
  patch: { description?: string; labels?: Record<string, string> },
): Promise<Site> {
  const entry = await readSite(store, siteId);
  const site: Site = {
    ...entry.value,
    description: patch.description ?? entry.value.description,
    labels: patch.labels ?? entry.value.labels,
  };
  await store.commit([{ key: entry.key, value: site }], { expect: [{ key: entry.key, revision: entry.revision }] });
  return site;
}

export async function deleteSite({ store }: InventoryContext, siteId: SiteId): Promise<void> {
  const entry = await readSite(store, siteId);
  const agents = await store.range<Agent>({ prefix: keys.agent('') });
  const agent = agents.find(({ value }) => value.siteId === siteId && !value.revoked)?.value;
  if (agent !== undefined)
    throw new SkerryError('Conflict', `Site ${entry.value.name} still has agent ${agent.name}`, {
      remedy: 'Revoke it first.',
    });
  const infras = await store.range<Infra>({ prefix: keys.infra('') });
  const infra = infras.find(({ value }) => value.siteId === siteId)?.value;
  if (infra !== undefined)
    throw new SkerryError('Conflict', `Site ${entry.value.name} still has infra ${infra.name}`, {
      remedy: 'Delete it first.',
    });
  await store.commit([{ key: entry.key, value: undefined }, releaseName('site', entry.value.name)], {
    expect: [{ key: entry.key, revision: entry.revision }],
  });
}

/** @throws NotFound */
export async function findSite(store: Store, idOrName: string): Promise<Site> {
  const byId = await store.get<Site>(keys.site(idOrName));
  if (byId !== undefined) return byId.value;
  const byName = (await store.range<Site>({ prefix: keys.site('') })).find(({ value }) => value.name === idOrName);
  if (byName !== undefined) return byName.value;
  throw new SkerryError('NotFound', `There is no site ${idOrName}`, { remedy: 'List them with `skerry site list`.' });
}

async function readSite(store: Store, siteId: SiteId): Promise<Entry<Site>> {
  const entry = await store.get<Site>(keys.site(siteId));
  if (entry !== undefined) return entry;
  throw new SkerryError('NotFound', `There is no site ${siteId}`, { remedy: 'List them with `skerry site list`.' });
}
