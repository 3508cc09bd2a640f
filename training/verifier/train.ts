/**
 * Makes the model of Tandem's verifier: corpus, pairs of claims and evidence, training, and the difference from all-MiniLM-L6-v2 that is shipped, with its
 * card.
 *
 *     npm run train-verifier -- --work FOLDER [--share 0.1] [--method lora|full] [--rank 32] [--products int8|float32] [--learning-rate 1e-3] [--epochs 1] [--threads 2] [--output FOLDER]
 *
 * Flags are as of training/reranker/train.ts, and --work may be the same folder: then the corpus is read once. --share takes that part of the documents. What
 * the verifier makes of the model's scores is fitted afterwards: `npm run bench -- verify --fit`.
 */

import { trainDifference } from '../difference/train-difference.ts';
import { readTrainingFlags } from '../difference/training-flags.ts';
import { readClaimPairs } from './read-claim-pairs.ts';
import { verifierFolder } from './verifier-folder.ts';
import { writeCard } from './write-card.ts';

const flags = readTrainingFlags({ name: 'verifier', output: verifierFolder });
const pairs = await readClaimPairs(flags.work, flags.share);
console.log(`${pairs.train.length} pairs, ${pairs.validation.length} held out`);
const trained = await trainDifference(pairs, flags);
writeCard({ flags, trained, pairs });
