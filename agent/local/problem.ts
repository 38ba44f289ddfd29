import { errorCatalogue, isSkerryError, SkerryError } from '#shared/errors/index.ts';

/** Problem details (RFC 9457), as all of Skerry's HTTP answers errors. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  remedy?: string;
}

export function toProblem(error: unknown): Problem {
  const known = isSkerryError(error) ? error : new SkerryError('Internal', 'The agent failed to answer');
  const { status, title } = errorCatalogue[known.code];
  return {
    type: 'about:blank',
    title,
    status,
    detail: known.message,
    code: known.code,
    ...(known.remedy === undefined ? {} : { remedy: known.remedy }),
  };
}
