import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ChartRepository, ChartRepositoryView } from '#shared/model/charts.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { Change, Entry, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import type { SecretBox } from '../notify/index.ts';
import { checkedUrl } from './chart-address.ts';
import type { Access } from './helm-client.ts';
import { readKeyring } from './keyring.ts';

const maxRepositories = 500;

/** What is given of a repository; `null` takes an optional member away. */
export interface ChartRepositoryInput {
  name: string;
  type: 'helm' | 'oci';
  url: string;
  username?: string | null;
  password?: string | null;
  caPem?: string | null;
  plainHttp?: boolean;
  /** OpenPGP public keys, armoured or base64. */
  keyring?: string | null;
  description?: string;
}
export type ChartRepositoryPatch = Partial<Omit<ChartRepositoryInput, 'name' | 'type'>>;

/** Repositories of charts that operators have registered; all projects use them. */
export class ChartRepositories {
  readonly #store: Store;
  readonly #box: SecretBox;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(given: { store: Store; box: SecretBox; clock: Clock; random: Random }) {
    this.#store = given.store;
    this.#box = given.box;
    this.#clock = given.clock;
    this.#random = given.random;
  }

  async all(): Promise<ChartRepository[]> {
    const entries = await this.#store.range<ChartRepository>({ prefix: keys.chartRepository('') });
    return entries.map(({ value }) => value).sort((one, two) => (one.name < two.name ? -1 : 1));
  }

  /** By id or name. @throws NotFound */
  async one(wanted: string): Promise<ChartRepository> {
    return (await this.#entry(wanted)).value;
  }

  /** @throws Conflict when the name is taken, BadRequest, Unprocessable */
  async create(input: ChartRepositoryInput): Promise<ChartRepository> {
    const present = await this.all();
    if (present.length >= maxRepositories)
      throw new SkerryError('Conflict', `There are ${maxRepositories} chart repositories already`);
    const now = this.#clock.now();
    const id = this.#random.uuid();
    const { name, type } = input;
    const blank: ChartRepository = {
      ...{ id, name, type, url: '', plainHttp: false, description: '', createdAt: now, modifiedAt: now },
    };
    const repository = this.#applied(blank, input);
    const claim: Change = { key: nameKey(name), value: { id } };
    try {
      await this.#store.commit([{ key: keys.chartRepository(id), value: repository }, claim], {
        expect: [{ key: claim.key, revision: 0 }],
      });
    } catch (error) {
      if (!isSkerryError(error) || error.code !== 'RevisionConflict') throw error;
      throw new SkerryError('Conflict', `There is a chart repository named ${name} already`, {
        remedy: 'choose another name, or change that one',
      });
    }
    return repository;
  }

  async update(wanted: string, patch: ChartRepositoryPatch): Promise<ChartRepository> {
    const { key, value, revision } = await this.#entry(wanted);
    requireOwnPassword(value, patch);
    const repository = { ...this.#applied(value, patch), modifiedAt: this.#clock.now() };
    await this.#store.commit([{ key, value: repository }], { expect: [{ key, revision }] });
    return repository;
  }

  async remove(wanted: string): Promise<void> {
    const { key, value, revision } = await this.#entry(wanted);
    const changes = [key, nameKey(value.name)].map((each) => ({ key: each, value: undefined }));
    await this.#store.commit(changes, { expect: [{ key, revision }] });
  }

  access({ id, username, sealedPassword, caPem, plainHttp, keyring }: ChartRepository): Access {
    const password = sealedPassword === undefined ? undefined : this.#box.open(sealedPassword, contextOf(id));
    return {
      plainHttp,
      ...(username === undefined ? {} : { username }),
      ...(typeof password !== 'string' ? {} : { password }),
      ...(caPem === undefined ? {} : { caPem }),
      ...(keyring === undefined ? {} : { keyring: Buffer.from(keyring, 'base64') }),
    };
  }

  async #entry(wanted: string): Promise<Entry<ChartRepository>> {
    const direct = await this.#store.get<ChartRepository>(keys.chartRepository(wanted));
    if (direct !== undefined) return direct;
    const claim = await this.#store.get<{ id: string }>(nameKey(wanted));
    const named = claim && (await this.#store.get<ChartRepository>(keys.chartRepository(claim.value.id)));
    if (named !== undefined) return named;
    throw new SkerryError('NotFound', `There is no chart repository ${wanted.slice(0, 100)}`);
  }

  #applied(before: ChartRepository, input: ChartRepositoryPatch): ChartRepository {
    const { username, password, caPem, keyring, url, plainHttp, description } = input;
    const after: ChartRepository = {
      ...before,
      url: url === undefined ? before.url : repositoryUrl(url, before.type),
      plainHttp: plainHttp ?? before.plainHttp,
      description: description ?? before.description,
    };
    setOrRemove(after, 'username', username);
    setOrRemove(after, 'caPem', caPem === undefined || caPem === null ? caPem : checkedPem(caPem));
    const sealed = typeof password === 'string' ? this.#box.seal(password, contextOf(before.id)) : password;
    setOrRemove(after, 'sealedPassword', sealed);
    const keys64 = typeof keyring === 'string' ? readKeyring(keyring).toString('base64') : keyring;
    setOrRemove(after, 'keyring', keys64);
    if (after.plainHttp && after.type !== 'oci')
      throw new SkerryError('BadRequest', 'plainHttp is for OCI registries', { remedy: 'write http:// in the URL' });
    return after;
  }
}

export function viewOf({ sealedPassword, keyring, ...shown }: ChartRepository): ChartRepositoryView {
  return { ...shown, hasPassword: sealedPassword !== undefined, hasKeyring: keyring !== undefined };
}

/** Whoever may change the address must not have the password sent there. */
function requireOwnPassword(before: ChartRepository, { url, password }: ChartRepositoryPatch): void {
  if (url === undefined || before.sealedPassword === undefined || password !== undefined) return;
  if (
    URL.parse(url)?.host === URL.parse(before.url)?.host &&
    URL.parse(url)?.protocol === URL.parse(before.url)?.protocol
  )
    return;
  throw new SkerryError('BadRequest', 'The password of a repository does not follow it to another host', {
    remedy: 'give the password again, or null to go without',
  });
}

function repositoryUrl(text: string, type: ChartRepository['type']): string {
  const url = checkedUrl(text);
  const isOci = url.protocol === 'oci:';
  if (isOci !== (type === 'oci') || url.search !== '' || url.hash !== '')
    throw new SkerryError('BadRequest', `'${text.slice(0, 200)}' is no URL of a repository of type ${type}`, {
      remedy: type === 'oci' ? 'write oci://host/path' : 'write https://host/path, where index.yaml lies',
    });
  return url.href.replace(/\/+$/, '');
}

function checkedPem(pem: string): string {
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new SkerryError('BadRequest', 'caPem holds no certificate', {
    remedy: 'give PEM, as -----BEGIN CERTIFICATE-----',
  });
}

function setOrRemove<K extends 'username' | 'caPem' | 'sealedPassword' | 'keyring'>(
  repository: ChartRepository,
  member: K,
  value: string | null | undefined,
): void {
  if (value === null) delete repository[member];
  else if (value !== undefined) repository[member] = value;
}

function contextOf(id: string): string {
  return `chart-repository/${id}`;
}

function nameKey(name: string): string {
  return keys.meta(`chart-repository-name:${encodeURIComponent(name)}`);
}
