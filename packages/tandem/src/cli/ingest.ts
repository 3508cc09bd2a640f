import type { Command } from 'commander';
import type { IngestReport } from '../ingest/ingest.ts';
import { ingest } from '../project/ingest.ts';
import { withProject } from './command-context.ts';
import { duration } from './progress-bar.ts';

export function addIngest(program: Command, signal: AbortSignal): void {
  program
    .command('ingest')
    .argument('[paths...]', "files or folders (default: the config's sources)")
    .description('Parse, cut, embed and index the documents; again, only what changed.')
    .action(async (paths: string[], _options: object, command: Command) => {
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        const report = await ingest(project, { paths, signal, onProgress });
        print(report, describeIngest);
        if (report.problems.some(({ kind }) => kind === 'failed')) process.exitCode = 1;
      });
    });
}

export function describeIngest(report: IngestReport): string {
  const { added, changed, removed, unchanged, embedded, fromCache, index, problems, seconds } = report;
  const failed = problems.filter(({ kind }) => kind === 'failed');
  const skipped = problems.filter(({ kind }) => kind === 'skipped');
  return [
    `${index.documents} documents in ${index.chunks} chunks: ${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged.`,
    `${embedded} chunks embedded${fromCache > 0 ? `, ${fromCache} remembered` : ''} in ${duration(seconds)}${embedded > 0 && seconds > 0 ? ` (${(embedded / seconds).toFixed(0)} a second)` : ''}.`,
    ...failed.map(({ uri, message, hint }) => `Not ingested: ${uri}: ${message}${hint ? ` ${hint}` : ''}`),
    ...(skipped.length > 0
      ? [
          `Passed over: ${skipped
            .slice(0, 5)
            .map(({ uri }) => uri)
            .join(
              ', ',
            )}${skipped.length > 5 ? ` and ${skipped.length - 5} more` : ''} (not a kind of file that is read).`,
        ]
      : []),
  ].join('\n');
}
