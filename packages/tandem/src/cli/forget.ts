import type { Command } from 'commander';
import { counted } from '../core/counted.ts';
import { type ForgetReport, forget } from '../forget/forget.ts';
import { withProject } from './command-context.ts';

export function addForget(program: Command, signal: AbortSignal): void {
  program
    .command('forget')
    .argument('<document>', 'its id or uri, as `tandem search --json` shows them')
    .description(
      'Remove a document from index, caches, traces, training data and reports, and name what was trained on it.',
    )
    .option('--dry-run', 'show what would be removed, and change nothing')
    .option('--allow-again', 'let the next ingest bring it back, also a document that was forgotten before')
    .action(
      async (document: string, options: { dryRun?: boolean; allowAgain?: boolean }, command: Command) => {
        await withProject(command, signal, async ({ project, print, onProgress }) => {
          const report = await forget(project, document, { ...options, signal, onProgress });
          print(report, describeForget);
          if (report.leftovers.length > 0) process.exitCode = 1;
        });
      },
    );
}

export function describeForget(report: ForgetReport): string {
  const { document, dryRun } = report;
  if (report.allowed)
    return dryRun
      ? `"${document.id}" would be let in again by the next ingest.`
      : `"${document.id}" may be ingested again: the next \`tandem ingest\` brings it back if it is still in a source.`;
  const name = document.title === '' ? document.id : `"${document.title}" (${document.id})`;
  const lines = [
    `${dryRun ? 'Would forget' : 'Forgotten:'} ${name}: ${[
      counted(report.chunks, 'passage'),
      counted(report.embeddings, 'cached vector'),
      counted(report.traces.length, 'trace'),
      counted(report.answers, 'stored answer'),
    ].join(', ')}.`,
    ...report.datasets.map(
      ({ id, newId, path, examples }) =>
        `Training data ${path}: ${counted(examples, 'example')} removed; ${newId === undefined ? `nothing is left of ${id.slice(0, 12)}` : `${id.slice(0, 12)} is ${newId.slice(0, 12)} now`}.`,
    ),
    ...(report.feedback.length > 0
      ? [`Ratings removed with the answers they were of: ${report.feedback.join(', ')}.`]
      : []),
    ...(report.files.length > 0 ? [`Changed or deleted: ${report.files.join(', ')}.`] : []),
    ...report.trainings.map((id) => `Interrupted training ${id} removed: its data had the document.`),
    ...report.adapters.map(
      ({ id, hosted }) =>
        `Trained on it: adapter ${id}${hosted === undefined ? '' : ` (at ${hosted}, which also has the training file)`}. What weights have learnt cannot be taken out: train again and stop using it.`,
    ),
    ...report.embedders.map((id) => `May have been trained on it: embedder ${id}.`),
    ...report.rerankers.map((id) => `May have been trained on it: reranker ${id}.`),
    ...report.rankings.map(
      (id) =>
        `Learnt from questions about it: ranking ${id}. ${dryRun ? 'They would be' : 'They are'} taken out; its weights stay until it is learnt again.`,
    ),
    ...report.heads.map(
      (id) =>
        `Trained on questions about it: head ${id}. It keeps no text of them; train it again without them.`,
    ),
    ...(report.yours.length > 0
      ? [`Your own files still contain its text: ${report.yours.join(', ')}.`]
      : []),
    ...(report.storeMayKeep === 'bytes'
      ? [
          `The rows ${dryRun ? 'would be' : 'are'} deleted; when the bytes leave the server's disk depends on the server.`,
        ]
      : []),
    ...(report.storeMayKeep === 'rows'
      ? [
          'The LangChain vector store is not told to delete: its rows stay there, and searches leave them out. To be rid of them, delete what it wrote and `.tandem/index`, then run `tandem ingest`.',
        ]
      : []),
    ...(report.leftovers.length > 0
      ? [
          `Its words are still in ${report.leftovers.join(', ')}: delete these files. This command knows the words no more and cannot look again.`,
        ]
      : []),
    ...(dryRun
      ? ['Nothing was changed (--dry-run).']
      : [
          report.allowAgain
            ? 'The next `tandem ingest` brings it back if it is still in a source.'
            : `It will not be ingested again, even under another name, as long as its bytes are unchanged. To allow it: tandem forget --allow-again ${JSON.stringify(document.id)}`,
        ]),
  ];
  return lines.join('\n');
}
