import type { Settings } from '../core/settings.ts';
import { languageModelJudge } from '../decide/language-model-judge.ts';
import type { Models } from '../models/providers.ts';
import { declarationOf } from '../models/reranker-declaration.ts';
import { crossEncoderVerifier } from './cross-encoder-verifier.ts';
import { judgeVerifier } from './judge-verifier.ts';
import { overlapVerifier } from './overlap-verifier.ts';
import { rerankerScorer } from './reranker-scorer.ts';
import { scoredVerifier } from './scored-verifier.ts';
import type { Verifier } from './verifier.ts';

/** Tandem's own cross-encoder: card and weights in `models/tandem-verifier`. */
export const verifierModel = 'local:tandem-verifier';

/** The model that it is a difference from: where that embeds, its files are there. */
const verifierBase = 'local:all-minilm-l6-v2';

/** What the settings name, its model opened; undefined where nothing is to be checked. The models stay their owner's. */
export async function verifierOf(
  { verifier: chosen }: Pick<Settings['answer'], 'verifier'>,
  models: Pick<Models, 'names' | 'chat' | 'chatNamed' | 'rerankerNamed'>,
): Promise<Verifier | undefined> {
  const verifier =
    chosen !== 'auto' ? chosen : models.names.embedder === verifierBase ? 'cross-encoder' : 'overlap';
  if (verifier === 'none') return undefined;
  if (verifier === 'overlap') return overlapVerifier();
  if (verifier === 'cross-encoder')
    return crossEncoderVerifier(rerankerScorer(await models.rerankerNamed(verifierModel)), {
      languages: ['en'],
    });
  if ('crossEncoder' in verifier) {
    const model = await models.rerankerNamed(verifier.crossEncoder);
    const { scores = 'shares', languages } = declarationOf(model);
    return scoredVerifier(rerankerScorer(model), { name: verifier.crossEncoder, scores, languages });
  }
  if ('judge' in verifier)
    return judgeVerifier(
      languageModelJudge(
        verifier.judge === 'chat' ? await models.chat() : await models.chatNamed(verifier.judge),
      ),
    );
  // Its methods' types are not known to settings, which know no rooms above them.
  return verifier as unknown as Verifier;
}
