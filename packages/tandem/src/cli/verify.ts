import type { Command } from 'commander';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { writtenText } from '../core/written-text.ts';
import { readJsonl } from '../dataset/jsonl.ts';
import { openModels } from '../models/providers.ts';
import { verifierOf } from '../verify/verifier-of.ts';

const line = z.object({
  id: z.union([z.string(), z.number()]),
  claim: writtenText,
  evidence: z.array(z.string()),
});

/** So many claims are judged before their lines are written. */
const perCall = 64;

export function addVerify(program: Command, signal: AbortSignal): void {
  program
    .command('verify')
    .description('Say of claims whether their evidence bears them out; needs no project.')
    .option(
      '--batch <file>',
      'JSONL {id, claim, evidence: [sentence, …]} → {id, verdict, probability, supporting: [place in evidence, …], verifier}',
    )
    .option(
      '--verifier <name>',
      'overlap (words, numbers, names), cross-encoder (these and a model that reads them), or the reference of a cross-encoder: local:./path, hf:owner/repo',
      'cross-encoder',
    )
    .option('--judge <model>', 'a language model instead, by its reference, such as local:qwen2.5-coder-1.5b')
    .action(
      async ({ batch, verifier: name, judge }: { batch?: string; verifier: string; judge?: string }) => {
        if (batch === undefined)
          throw new InvalidInputError({
            domain: 'cli',
            where: '--batch',
            message: 'There is nothing to verify.',
            hint: 'Give --batch with a file of lines {"id", "claim", "evidence": ["sentence", …]}.',
          });
        const lines = await readJsonl(batch, line);
        await using models = await openModels({}, { signal });
        const verifier = (await verifierOf(
          { verifier: judge === undefined ? named(name) : { judge } },
          models,
        ))!;
        for (let from = 0; from < lines.length; from += perCall) {
          const some = lines.slice(from, from + perCall);
          const verdicts = await verifier.verify(some, { signal });
          for (const [at, verdict] of verdicts.entries())
            console.log(JSON.stringify({ id: some[at]!.id, ...verdict, verifier: verifier.name }));
        }
      },
    );
}

/** By the names of the setting `answer.verifier`, or a model's reference. */
const named = (name: string) =>
  name === 'overlap' || name === 'cross-encoder' ? name : ({ crossEncoder: name } as const);
