/**
 * BM25's two parameters, as Lucene and LanceDB have them: how soon a word's repetitions stop counting, and how much a long text
 * pays for its length. Scores are Lucene's (since 8.0): the sum over the query's terms of
 * `idf · tf / (tf + k1 · (1 − b + b · length / average))` with `idf = ln(1 + (N − n + ½) / (n + ½))`; `bm25s` calls it "lucene".
 */
export const bm25 = { k1: 1.2, b: 0.75 } as const;
