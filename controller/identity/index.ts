export { builtInRoles } from './built-in-roles.ts';
export type { CertificateAuthority, Enrolment, EnrolmentAnswer, JoinTokenContent } from './certificates.ts';
export { createEnrolment, type EnrolmentDependencies } from './create-enrolment.ts';
export { createIdentity, type IdentityDependencies } from './create-identity.ts';
export type { Identity, IssuedToken, Permission } from './identity.ts';
export { openCertificateAuthority } from './open-certificate-authority.ts';
