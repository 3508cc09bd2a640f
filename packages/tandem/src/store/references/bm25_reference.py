"""BM25 scores by bm25s, method "lucene", of the passages that bm25s-input.ts writes: all of them, for each query."""
import json
import sys

import bm25s

given = json.load(sys.stdin)
retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75, dtype="float64")
retriever.index(given["documents"], show_progress=False)
queries = []
for terms in given["queries"]:
    known = [term for term in terms if term in retriever.vocab_dict]
    scores = retriever.get_scores(known) if known else []
    queries.append(
        {
            "terms": " ".join(terms),
            "scores": {str(i): round(float(score), 9) for i, score in enumerate(scores) if score > 0},
        }
    )
json.dump(
    {
        "made by": f"bm25s {bm25s.__version__}, method lucene, k1 1.2, b 0.75",
        "documents": [" ".join(terms) for terms in given["documents"]],
        "queries": queries,
    },
    sys.stdout,
    ensure_ascii=False,
    indent=1,
)
