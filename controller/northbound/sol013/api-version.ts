import { SkerryError } from '#shared/errors/index.ts';

/** One major version of one ETSI API (ETSI GS NFV-SOL 013 clauses 9.1 to 9.3). */
export interface ApiVersion {
  /** As in the URI: `nslcm`. */
  name: string;
  /** As in the URI: `v2`. */
  major: string;
  /** Version that this implements: `2.3.0`. */
  version: string;
  /** `/nslcm/v2`: prefix of the API's resources below the API root. */
  prefix: string;
}

export function apiVersion(name: string, version: string): ApiVersion {
  const major = `v${version.slice(0, version.indexOf('.'))}`;
  return { name, major, version, prefix: `/${name}/${major}` };
}

const versionPattern = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-impl:[\w.:-]{1,100})?$/;

/**
 * The version to answer with, for the request's `Version` header. Absence is accepted (clients of the age of V2.6.1 send none).
 * Same major and a minor that is not newer: compatible, since minors only add (clause 9.1.2).
 *
 * @throws NotAcceptable, BadRequest
 */
export function negotiateVersion(api: ApiVersion, header: string | string[] | undefined): string {
  if (header === undefined || header === api.version) return api.version;
  const wanted = typeof header === 'string' ? versionPattern.exec(header) : null;
  if (!wanted) {
    throw new SkerryError('BadRequest', 'The Version header is not of the form MAJOR.MINOR.PATCH.', {
      remedy: `Send Version: ${api.version}, or none.`,
    });
  }
  const own = versionPattern.exec(api.version)!;
  if (wanted[1] !== own[1] || Number(wanted[2]) > Number(own[2])) {
    throw new SkerryError('NotAcceptable', `Version ${header} of the API ${api.name} is not supported.`, {
      remedy: `Send Version: ${api.version}; /${api.name}/api_versions lists what there is.`,
    });
  }
  return api.version;
}

/** `ApiVersionInformation` (clause 9.3.2). `uriPrefix` has no scheme and no authority. */
export function apiVersionInformation(apiRoot: string, versions: readonly ApiVersion[], prefix: string) {
  return {
    uriPrefix: `${apiRoot}${prefix}`,
    apiVersions: versions.map((api) => ({ version: api.version, isDeprecated: false })),
  };
}
