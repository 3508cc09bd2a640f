import type { TandemError } from '../core/errors/tandem-error.ts';

/**
 * What to type, for errors that come from the library, which knows settings and options but no commands and flags. Tried from the top:
 * the first that fits an error is added to its hint.
 */
const hints: readonly { code?: string; where?: RegExp; says?: RegExp; type: string }[] = [
  { code: 'index_missing', type: '`tandem ingest`' },
  { code: 'index_damaged', type: '`tandem ingest`' },
  { code: 'dimension_mismatch', type: '`tandem ingest`' },
  { code: 'inconsistent_index', type: '`tandem ingest`' },
  { code: 'context_overflow', type: '`--k N`' },
  { code: 'model_unavailable', type: '`tandem models add REFERENCE PATH`' },
  { code: 'unreadable_document', type: '`tandem ingest`' },
  { says: /`allowPrivate`/, type: '`--allow-private`' },
  { where: /^trace_/, type: '`tandem trace` lists the latest' },
  { where: /^directory$/, type: '`tandem init`, or `--project DIR`' },
  { where: /^sources$/, type: '`tandem ingest DIR`' },
  { where: /^everySeconds$/, type: '`--watch --every 10m`' },
  { where: /^adapter$/, type: '`tandem tune`' },
  { where: /^head$/, type: '`tandem tune --head`' },
  { where: /^head_/, type: '`tandem compare`, or `--force`' },
  { where: /^adapterId$/, type: 'leave `--adapter` out' },
  { where: /^adapter_/, type: '`tandem doctor` lists the adapters' },
  { where: /^comparison$/, type: '`tandem runs` lists them' },
  { where: /^accepted$/, type: '`tandem runs accept RUN`, or `--against RUN`' },
  { where: /^traces$/, type: '`tandem ask "…"`' },
  { where: /^evidence$/, type: '`tandem compare`, or `--force --reason "…"`' },
  { where: /^arm$/, type: '`--arm ARM`' },
  { where: /^question$/, type: '`tandem ask "…"`' },
  { where: /^turns$/, type: '`--conversation FILE` with `--arm rag` or `hybrid`' },
  { where: /^cases(?:\[|$)/, type: '`--cases FILE`' },
  {
    where: /^dataset$/,
    type: 'name them under `dataset` in tandem.config.ts, or give `--glossary FILE.csv`',
  },
  { where: /^k$/, type: '`--k N`' },
  { where: /^host$/, type: '`tandem keys create NAME`, or leave `--host` out' },
  { where: /^port$/, type: '`--port N`' },
  { where: /^from$/, type: '`--from ADAPTER`' },
  { where: /^run_|^tune_/, type: '`--from ADAPTER`, or `--fresh`' },
  { where: /^memory$/, type: '`--memory SIZE`' },
  { where: /^maxMinutes$/, type: '`--max-minutes N`' },
  { where: /^preferences$/, type: '`--preferences FILE`; `tandem feedback TRACE down --better "…"`' },
  { where: /^to$/, type: '`--to DIR`' },
  { where: /^type$/, type: '`--type TYPE`' },
  { where: /^files$/, type: '`--files DIR`' },
  { where: /^docs$/, type: '`--docs DIR`' },
  { where: /^qa$/, type: '`--qa FILE`' },
  { where: /^retrieve\.ranking$/, type: '`tandem tune --ranking`' },
  { where: /^models\.|\.gguf$/, type: '`tandem models list`' },
];

/** The error's hint, and behind it what to type on the command line. */
export function hintOnCommandLine(error: TandemError | (Error & { hint?: string })): string | undefined {
  const { code, where } = error as { code?: string; where?: string };
  const found = hints.find(
    (hint) =>
      (hint.code === undefined || hint.code === code) &&
      (hint.where === undefined || (where !== undefined && hint.where.test(where))) &&
      (hint.says === undefined || hint.says.test(error.hint ?? '')),
  );
  if (!found) return error.hint;
  return [error.hint, `On the command line: ${found.type}.`].filter(Boolean).join(' ');
}

/** For the test that compares them with the program: every flag and verb that a hint names. */
export const namedInHints = (): { flags: string[]; verbs: string[] } => {
  const all = hints.map(({ type }) => type).join(' ');
  return {
    flags: [...new Set([...all.matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag!))],
    verbs: [...new Set([...all.matchAll(/`tandem ([a-z]+)/g)].map(([, verb]) => verb!))],
  };
};
