export { createLink, type Link, type LinkDependencies, type LinkStatus } from './create-link.ts';
