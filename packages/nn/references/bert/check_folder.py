"""Loads a folder that @tandem/nn wrote with sentence-transformers itself and compares what it makes of the same texts.

usage: check_folder.py FOLDER EXPECTED.json

EXPECTED.json: {"texts": [...], "vectors": [[...], ...]} for an embedder, {"query": ..., "texts": [...], "scores": [...]} for a
cross-encoder. Called by `check_folders.ts`.
"""
import json
import sys

import numpy
from sentence_transformers import CrossEncoder, SentenceTransformer

folder, file = sys.argv[1:]
expected = json.loads(open(file).read())
if "vectors" in expected:
    model = SentenceTransformer(folder, device="cpu")
    theirs = model.encode(expected["texts"])
    ours = numpy.array(expected["vectors"])
    cosines = (theirs * ours).sum(1) / numpy.linalg.norm(theirs, axis=1) / numpy.linalg.norm(ours, axis=1)
    print(f"{folder}: {[type(module).__name__ for module in model]}, least cosine {cosines.min():.8f}")
    assert cosines.min() >= 0.99999, cosines
    assert numpy.abs(theirs - ours).max() < 1e-4
else:
    model = CrossEncoder(folder, device="cpu")
    theirs = model.predict([(expected["query"], text) for text in expected["texts"]])
    difference = numpy.abs(theirs - numpy.array(expected["scores"])).max()
    print(f"{folder}: {type(model.activation_fn).__name__}, at most {model.max_seq_length} tokens, largest difference {difference:.1e}")
    assert difference < 1e-4
