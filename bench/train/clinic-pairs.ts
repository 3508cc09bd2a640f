import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbedderPair, WordPieceTokenizer } from '@tandem/nn';

/** A chunk of the clinic's configuration. */
const passageTokens = 150;

/** Each training question's wordings with the beginning of the section that answers it; validation is held out by group. */
export async function clinicPairs(
  directory: string,
): Promise<{ train: EmbedderPair[]; validation: EmbedderPair[] }> {
  const clinic = join(import.meta.dirname, '..', '..', 'examples', 'clinic');
  const tokenizer = await WordPieceTokenizer.load(join(directory, 'tokenizer.json'));
  const train: EmbedderPair[] = [];
  const validation: EmbedderPair[] = [];
  for (const line of readFileSync(join(clinic, 'questions.jsonl'), 'utf8').trim().split('\n')) {
    const { split, source, wordings, question } = JSON.parse(line) as {
      split: string;
      source?: { documentId: string; section: string };
      question: string;
      wordings?: { question: string }[];
    };
    if (!source) continue;
    const document = readFileSync(join(clinic, 'documents', `${source.documentId}.md`), 'utf8');
    const title = /^# (.*)$/m.exec(document)?.[1] ?? '';
    const body = document.split(`\n## ${source.section}\n`)[1]?.split('\n## ')[0]?.trim();
    if (!body) continue;
    const text = `${title}: ${source.section}\n${body}`;
    const end = tokenizer.encode(text).offsets[passageTokens]?.[0] ?? text.length;
    const positive = text.slice(0, end);
    const queries = [...new Set([question, ...(wordings ?? []).map((wording) => wording.question)])].slice(
      0,
      4,
    );
    for (const query of queries) (split === 'train' ? train : validation).push({ query, positive });
  }
  // Neighbours in the file are wordings of one question: taken in strides, a few steps see many questions.
  const strided = [0, 1, 2, 3].flatMap((offset) => train.filter((_, at) => at % 4 === offset));
  return { train: strided, validation };
}
