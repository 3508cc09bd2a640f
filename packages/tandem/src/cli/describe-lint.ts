import { relative } from 'node:path';
import { counted } from '../core/counted.ts';
import { listed } from '../core/listed.ts';
import type { Finding } from '../dataset/lint/check.ts';
import { checks } from '../dataset/lint/checks.ts';
import type { LintReport } from '../dataset/lint/lint-dataset.ts';

/** So many findings of one check are shown; --json has all. */
const mostShown = 20;

/** What was found, check by check, each with what it looks for, so that somebody who has never seen it understands it. */
export function describeLint(report: LintReport, directory: string): string {
  const { files, findings, checks: told, errors, warnings, fixed } = report;
  const short = (where: string) => relative(directory, where) || where;
  const blocks = told.flatMap(({ name, finds }) => {
    const own = findings.filter(({ check }) => check === name);
    if (own.length === 0) return [];
    const more = own.length - mostShown;
    return [
      [
        `${name} (${own.length}): ${finds}`,
        ...own.slice(0, mostShown).flatMap((finding) => describeFinding(finding, { short, directory })),
        ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
      ].join('\n'),
    ];
  });
  const notMade = told.flatMap(({ name, notMade: why }) =>
    why === undefined ? [] : [`Not checked: ${name}: ${why}`],
  );
  const looked = listed(files.map(({ file, entries }) => `${short(file)} (${entries})`));
  return [
    ...blocks,
    [
      ...notMade,
      `${looked}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}.`,
      ...(fixed
        ? [
            `Written: ${short(fixed.file)} (${fixed.entries}): ${fixed.changes.length > 0 ? listed(fixed.changes) : 'nothing was to be mended'}. All else is left as it is.`,
          ]
        : []),
    ].join('\n'),
  ].join('\n\n');
}

function describeFinding(
  { where, severity, message, disagreement }: Finding,
  { short, directory }: { short: (where: string) => string; directory: string },
): string[] {
  return [
    `  ${severity.padEnd(7)} ${short(where)}: ${message.replaceAll(`${directory}/`, '')}`,
    ...(disagreement
      ? [
          `          learnt:  ${disagreement.said.replace(/\s+/g, ' ')}`,
          `          indexed: ${disagreement.indexed.replace(/\s+/g, ' ')} (${disagreement.documentId}:${disagreement.start}–${disagreement.end})`,
        ]
      : []),
  ];
}

/** Every check, by name. */
export function describeChecks(): string {
  return checks
    .map(({ name, severity, finds }) => `${name.padEnd(22)} ${severity.padEnd(8)} ${finds}`)
    .join('\n');
}
