import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from './process-identity.ts';

/** `demo.json`: what the next start of the demo must know. */
export interface DemoRecord {
  ports: DemoPorts;
  sites: string[];
  /** Running processes, so that a later start can end what a killed one left. */
  processes: Record<string, ProcessIdentity>;
}

export interface DemoPorts {
  northbound: number;
  sync: number;
  enroll: number;
  mqtt: number;
}

export function readDemoRecord(file: string): DemoRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DemoRecord;
  } catch {
    return undefined;
  }
}

export function writeDemoRecord(file: string, record: DemoRecord): void {
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
