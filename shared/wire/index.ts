export { canonicalJson } from './canonical-json.ts';
export { chainHash, digestOf, objectDigest, sha256Hex, uuidV5 } from './digest.ts';
export { bucketCount, bucketOf, DigestTree } from './digest-tree.ts';
export type * from './frames.ts';
export { reportStreams } from './frames.ts';
export { chainAfter } from './report-chain.ts';
export type { AgentSide, ControllerSide, Duplex } from './session.ts';
