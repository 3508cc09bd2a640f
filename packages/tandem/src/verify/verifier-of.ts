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

/** What the settings name, its model opened; undefined where nothing is to be checked. The models stay their owner's. */
export async function verifierOf(
  { verifier }: Pick<Settings['answer'], 'verifier'>,
  models: Pick<Models, 'chat' | 'chatNamed' | 'rerankerNamed'>,
): Promise<Verifier | undefined> {
  if (verifier === 'none') return undefined;
  if (verifier === 'overlap') return overlapVerifier();
  if (verifier === 'cross-encoder')
    return crossEncoderVerifier(rerankerScorer(await models.rerankerNamed(verifierModel)));
  if ('crossEncoder' in verifier) {
    const model = await models.rerankerNamed(verifier.crossEncoder);
    return scoredVerifier(rerankerScorer(model), {
      name: verifier.crossEncoder,
      scores: declarationOf(model).scores ?? 'shares',
    });
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
