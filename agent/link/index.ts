export { createLink, type Link, type LinkDependencies, type LinkStatus } from './create-link.ts';
export { type AgentCredentials, loadCredentials, sealOwnerOf } from './credentials.ts';
export { enrollAgent, renewCertificate } from './enroll.ts';
export { type ArtefactFetcher, type ArtefactFetcherOptions, createArtefactFetcher } from './fetch-artefact.ts';
export { createGrpcDial, type GrpcDialOptions } from './grpc-dial.ts';
export { createPrefetch, type PrefetchDependencies } from './prefetch.ts';
export { rebirthIfDue } from './rebirth.ts';
export { createRenewal } from './renewal.ts';
