"""The same measurement as embed.ts by sentence-transformers (CPU, float32), best of three rounds.

usage: embed_peer.py MODEL_FOLDER [THREADS]      needs sentence-transformers; run it right after embed.ts, on an idle machine
"""
import json
import sys
import time

import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
model = SentenceTransformer(sys.argv[1], device="cpu")
for tokens in (16, 64, 128, 256):
    texts = ["disease " * (tokens - 2)] * (4096 // tokens)
    best = 0.0
    for batch in (4, 16, 32):
        model.encode(texts[:batch], batch_size=batch)
        for _ in range(3):
            start = time.perf_counter()
            model.encode(texts, batch_size=batch)
            best = max(best, len(texts) / (time.perf_counter() - start))
    print(json.dumps({"tokens": tokens, "chunksPerSecond": round(best, 1), "tokensPerSecond": round(best * tokens)}))
