/** Packages that stay packages beside the bundle: native libraries, and static files beside the module. */
export const packagesKept: readonly string[] = ['classic-level', '@node-rs/argon2', '@fastify/swagger-ui'];
