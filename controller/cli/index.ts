/** The `skerry` command, and of its demo what tests reuse. */
export { type CutMode, TcpProxy, type TcpProxyOptions } from './demo/tcp-proxy.ts';
export { exitCodes } from './exit-codes.ts';
export { main, runCli } from './main.ts';
