import { readFile } from 'node:fs/promises';
import { SkerryApi } from './api.ts';
import type { CliContext } from './cli-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { type Login, loginPath, readLogin, writeLogin } from './login-file.ts';

// Renewed a little before its end, so that it does not run out under way.
const renewBeforeMs = 60_000;

/** A client of the controller that we are logged in to, with a token that holds. */
export async function openSession(context: CliContext): Promise<SkerryApi> {
  const login = await freshLogin(context);
  return new SkerryApi(login);
}

/** The login, its token renewed where a password is at hand. @throws CliError forbidden */
export async function freshLogin(context: CliContext): Promise<Login> {
  const login = await readLogin(context);
  const fromEnvironment = context.environment['SKERRY_TOKEN'];
  if (fromEnvironment) return { ...login, token: fromEnvironment };
  if (login.expiresAt - renewBeforeMs > context.clock.now()) return login;
  if (login.passwordFile === undefined) {
    throw new CliError(exitCodes.forbidden, `the login of ${login.username} has run out`, 'run `skerry login` again');
  }
  const password = (await readFile(login.passwordFile, 'utf8')).trim();
  return logIn(context, login, password);
}

/** Gets a token and keeps it. */
export async function logIn(
  context: CliContext,
  login: Omit<Login, 'token' | 'expiresAt'>,
  password: string,
): Promise<Login> {
  const api = new SkerryApi({ url: login.url, caPem: login.caPem });
  try {
    const issued = await api.login({
      username: login.username,
      password,
      ...(login.project === undefined ? {} : { project: login.project }),
    });
    const renewed: Login = { ...login, token: issued.token, expiresAt: new Date(issued.expiresAt).getTime() };
    await writeLogin(loginPath(context), renewed);
    return renewed;
  } finally {
    api.close();
  }
}

/** Runs `work` with a session and closes it. */
export async function withSession<T>(context: CliContext, work: (api: SkerryApi) => Promise<T>): Promise<T> {
  const api = await openSession(context);
  try {
    return await work(api);
  } finally {
    api.close();
  }
}
