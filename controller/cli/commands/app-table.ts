import type { Application } from '#shared/model/clusters.ts';
import type { CliContext } from '../cli-context.ts';
import { type OutputFormat, printRows } from '../output.ts';
import { chartText } from './cluster-work.ts';

export function printApps(
  context: CliContext,
  output: OutputFormat,
  applications: readonly Application[],
): Promise<void> {
  return printRows<Application>(context, output, applications, [
    { title: 'application', value: (application) => application.name },
    { title: 'order', value: (application) => application.order },
    { title: 'chart', value: chartText },
    { title: 'namespace', value: (application) => application.namespace },
    { title: 'release', value: (application) => application.releaseName },
    { title: 'revision', value: (application) => application.revision },
  ]);
}
