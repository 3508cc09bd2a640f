import { type Command, InvalidArgumentError } from 'commander';
import { counted } from '../core/counted.ts';
import { ingestPaths, watchPaths } from '../project/open-project.ts';
import { sourceAddresses } from '../project/sources.ts';
import type { IngestResult } from '../runtime/ingest.ts';
import { longestEverySeconds } from '../runtime/watch.ts';
import { positiveInteger } from './arguments.ts';
import { withProject } from './command-context.ts';
import { duration } from './progress-bar.ts';
import { reportError } from './report-error.ts';

interface Flags {
  crawl?: boolean;
  depth?: number;
  pages?: number;
  allowPrivate?: boolean;
  watch?: boolean;
  every?: number;
}

export function addIngest(program: Command, signal: AbortSignal): void {
  program
    .command('ingest')
    .argument('[sources...]', "files, folders or web addresses (default: the config's sources)")
    .option('--crawl', 'follow the links of the web addresses given, on the same site')
    .option('--depth <n>', 'with --crawl: links from the first page, at most', positiveInteger)
    .option('--pages <n>', 'with --crawl or a sitemap: pages, at most', positiveInteger)
    .option('--allow-private', 'the web addresses given may be in a private network or on this machine')
    .option('--watch', 'keep running, and ingest again whenever a file changes, until Ctrl-C')
    .option('--every <time>', 'with --watch: list all sources again at this interval, such as 10m', period)
    .description('Parse, cut, embed and index the documents; a later run takes only what changed.')
    .action(async (paths: string[], flags: Flags, command: Command) => {
      await withProject(
        command,
        signal,
        async ({ project, json, print, onProgress }) => {
          const options = { signal, onProgress };
          const given = {
            paths,
            web: {
              ...(flags.crawl && { mode: 'crawl' as const }),
              ...(flags.depth !== undefined && { depth: flags.depth }),
              ...(flags.pages !== undefined && { pages: flags.pages }),
              ...(flags.allowPrivate && { allowPrivate: true }),
            },
          };
          if (!flags.watch) {
            const report = await ingestPaths(project, given, options);
            print(report, describeIngest);
            reportUnavailable(report);
            if (report.problems.some(({ kind }) => kind === 'failed')) process.exitCode = 1;
            return;
          }
          let rounds = 0;
          await watchPaths(project, given, {
            ...options,
            ...(flags.every !== undefined && { everySeconds: flags.every }),
            onSourceError(error) {
              onProgress.end();
              reportError(error, { interrupted: false });
            },
            onReport(report) {
              onProgress.end();
              const { added, changed, removed } = report;
              // One line of JSON for each ingest; a person sees only what changed.
              if (json) console.log(JSON.stringify(report));
              else if (rounds === 0 || added + changed + removed > 0) console.log(describeIngest(report));
              reportUnavailable(report);
              if (rounds === 0 && !json) console.log('Watching for changes. Ctrl-C ends it.');
              rounds++;
            },
          });
        },
        { addresses: (project) => sourceAddresses(project, paths) },
      );
    });
}

export function describeIngest(report: IngestResult): string {
  const { added, changed, relabelled, removed, unchanged, forgotten } = report;
  const { embedded, fromCache, index, problems, seconds, sources, unavailable } = report;
  const failed = problems.filter(({ kind, uri }) => kind === 'failed' && !unavailable.includes(uri));
  const skipped = problems.filter(({ kind }) => kind === 'skipped');
  const partly = problems.filter(({ kind }) => kind === 'partial');
  return [
    `${counted(index.documents, 'document')} in ${counted(index.chunks, 'chunk')}: ${added} added, ${changed} changed, ${relabelled > 0 ? `${relabelled} under another access label, ` : ''}${removed} removed, ${unchanged} unchanged.`,
    `${counted(embedded, 'chunk')} embedded${fromCache > 0 ? `, ${fromCache} remembered` : ''} in ${duration(seconds)}${embedded > 0 && seconds > 0 ? ` (${(embedded / seconds).toFixed(0)} a second)` : ''}.`,
    ...(forgotten > 0
      ? [
          `${forgotten} passed over because of \`tandem forget\` (its --allow-again lets a document in again).`,
        ]
      : []),
    ...failed.map(notIngested),
    ...passedOver(skipped),
    ...partly.map(({ uri, message }) => `Read in part: ${uri}: ${message}`),
    ...(sources.length > 1 ? sources.map(describeSource) : []),
    ...(report.languageWarning ? [`${report.languageWarning.message} ${report.languageWarning.hint}`] : []),
  ].join('\n');
}

/** A source that could not be listed is an error on stderr, even if the others were ingested. */
function reportUnavailable({ problems, unavailable }: IngestResult): void {
  for (const problem of problems) if (unavailable.includes(problem.uri)) console.error(notIngested(problem));
}

function notIngested({ uri, message, hint }: IngestResult['problems'][number]): string {
  return `Not ingested: ${message.startsWith(uri) ? '' : `${uri}: `}${message}${hint ? ` ${hint}` : ''}`;
}

/** Grouped by reason: a folder of a thousand pictures gives one line. */
function passedOver(skipped: IngestResult['problems']): string[] {
  const byReason = Map.groupBy(skipped, ({ message }) => message);
  return [...byReason].map(([reason, all]) => {
    const shown = all.slice(0, 5).map(({ uri }) => uri);
    const more = all.length - shown.length;
    return `Passed over: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${reason}`;
  });
}

function describeSource({
  id,
  listed,
  loaded,
  bytes,
  failed,
  listSeconds,
}: IngestResult['sources'][number]): string {
  return `${id}: ${counted(listed, 'document')}, ${loaded} read (${(bytes / 1e6).toFixed(1)} MB)${failed > 0 ? `, ${failed} failed` : ''}, listed in ${duration(listSeconds)}.`;
}

/** `30s`, `10m`, `2h` or a number of seconds, to seconds. */
function period(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smh]?)$/.exec(value.trim());
  const seconds = match
    ? Number(match[1]) * { s: 1, m: 60, h: 3600, '': 1 }[match[2] as 's' | 'm' | 'h' | '']!
    : 0;
  if (seconds < 1 || seconds > longestEverySeconds)
    throw new InvalidArgumentError('Write it as 30s, 10m or 2h; 24 days (576h) at most.');
  return seconds;
}
