"""BM25 by bm25s, over the chunk texts that Tandem made, with PyStemmer and the language's own stop words where bm25s has them.
Reads {"chunks": [text], "questions": [text], "language"} as JSON from standard input; writes for each question the indices of the best 10."""
import json, re, sys
import bm25s, Stemmer

job = json.load(sys.stdin)
stemmer = Stemmer.Stemmer(job["language"]) if job["language"] in Stemmer.algorithms() else None
pattern = r"(?u)\w+"
if job["language"] == "thai":
    # No spaces between words, and bm25s has no analyser for that: pairs of characters, as Lucene's CJK analyser makes them.
    pairs = lambda text: " ".join(run[i:i + 2] for run in re.findall(r"[\u0e00-\u0e7f]+|\w+", text) for i in range(max(1, len(run) - 1)))
    job["chunks"], job["questions"], pattern = [pairs(t) for t in job["chunks"]], [pairs(t) for t in job["questions"]], r"(?u)\S+"
stopwords = "en" if job["language"] == "english" else []
tokens = lambda texts: bm25s.tokenize(texts, stopwords=stopwords, stemmer=stemmer, token_pattern=pattern, show_progress=False)
index = bm25s.BM25()
index.index(tokens(job["chunks"]), show_progress=False)
found, _ = index.retrieve(tokens(job["questions"]), k=min(10, len(job["chunks"])), show_progress=False)
json.dump(found.tolist(), sys.stdout)
