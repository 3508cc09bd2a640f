"""Embeds and stores chunks with sentence-transformers and Chroma: the other side of ingest.ts, which starts it.

Asked by JSON lines on stdin, {"chunks": file of JSON lines {id, text, document}, "store": folder}; answers each with
{"seconds", "processorSeconds", "chunks", "peakMegabytes"} on stdout. The model is loaded before the first answer.
"""
import json
import resource
import sys
import time

import chromadb
import torch
from chromadb.config import Settings
from sentence_transformers import SentenceTransformer

torch.set_num_threads(int(sys.argv[2]))
model = SentenceTransformer(sys.argv[1], device="cpu")
model.encode(["warm up"])
print(json.dumps({"ready": True}), flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    start, processor = time.perf_counter(), time.process_time()
    with open(asked["chunks"], encoding="utf8") as file:
        rows = [json.loads(row) for row in file]
    client = chromadb.PersistentClient(path=asked["store"], settings=Settings(anonymized_telemetry=False))
    collection = client.create_collection("chunks", metadata={"hnsw:space": "cosine"})
    # As its guides have it: encode a slice (sorted by length inside, 32 at a time), add it.
    for first in range(0, len(rows), 1024):
        part = rows[first : first + 1024]
        vectors = model.encode([row["text"] for row in part], batch_size=32, normalize_embeddings=True)
        collection.add(
            ids=[row["id"] for row in part],
            embeddings=vectors,
            documents=[row["text"] for row in part],
            metadatas=[{"document": row["document"]} for row in part],
        )
    assert collection.count() == len(rows)
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - start,
                "processorSeconds": time.process_time() - processor,
                "chunks": len(rows),
                "peakMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
            }
        ),
        flush=True,
    )
