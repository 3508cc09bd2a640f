"""Writes text-overlap.json: token F1 as SQuAD's evaluation script computes it, ROUGE-L as the rouge-score package does.

    pip install rouge-score
    python make_references.py > text-overlap.json
"""

import collections
import json
import random
import re
import string
import sys

from rouge_score import rouge_scorer


def normalize(text):
    """SQuAD v1.1 evaluate script: lower, remove punctuation, remove articles, fix white space."""
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(answer, expected):
    said, wanted = normalize(answer).split(), normalize(expected).split()
    common = sum((collections.Counter(said) & collections.Counter(wanted)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(said), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


sentences = [
    "Abetalipoproteinemia is treated with a diet low in long-chain triglycerides and high doses of vitamin E.",
    "Treatment of ABL consists of a low-fat diet and vitamin supplements (A, D, E and K).",
    "The condition is inherited in an autosomal recessive pattern, which means both copies of the gene have mutations.",
    "It's caused by mutations in the MTTP gene.",
    "About 1 in 1,000,000 people; more than 100 cases have been described worldwide.",
    "The sources do not say.",
    "Talk to your doctor about the risks -- and the benefits -- of treatment.",
    "the a an",
]
rng = random.Random(4)
words = " ".join(sentences).split()
pairs = [(a, b) for a in sentences[:7] for b in sentences[:7]]
pairs += [(" ".join(rng.choices(words, k=rng.randint(3, 40))), " ".join(rng.choices(words, k=rng.randint(3, 40)))) for _ in range(40)]
scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
json.dump(
    [
        {"answer": a, "expected": b, "f1": f1(a, b), "rougeL": scorer.score(b, a)["rougeL"].fmeasure}
        for a, b in pairs
    ],
    sys.stdout,
)
