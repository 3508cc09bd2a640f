/**
 * Makes Tandem's general reranker: corpus, pairs, training, and the difference from all-MiniLM-L6-v2 that is shipped, with its card.
 *
 *     npm run train-reranker -- --work FOLDER [--share 0.1] [--method lora|full] [--rank 32] [--learning-rate 1e-3] [--epochs 1] [--threads 2] [--output FOLDER]
 *
 * Each step is kept in --work and not done again; a training that was stopped continues. --share trains on that part of the pairs (a
 * pilot). --output is the folder that the package ships by default; a pilot should name another. One thread is faster than two where other
 * programs use the cores.
 */
import { trainDifference } from '../difference/train-difference.ts';
import { readTrainingFlags } from '../difference/training-flags.ts';
import { readPairs } from './read-pairs.ts';
import { rerankerFolder } from './reranker-folder.ts';
import { writeCard } from './write-card.ts';

const flags = readTrainingFlags({ name: 'cross-encoder', output: rerankerFolder });
const { train: made, validation } = await readPairs(flags.work);
// Every so many, so that a pilot has all kinds.
const train = made.filter((_, at) => Math.floor(at * flags.share) !== Math.floor((at - 1) * flags.share));
console.log(`${train.length} of ${made.length} pairs, ${validation.length} held out`);
const trained = await trainDifference({ train, validation }, flags);
writeCard({ flags, trained, made: made.length, train, validation });
