"""Embeds and stores chunks with sentence-transformers and Chroma: the other side of ingest.ts, which starts it.

Asked by JSON lines on stdin: {"chunks": file of JSON lines {id, text, document}, "store": folder}, or {"documents": folder of PDFs,
"windows": how many, "tokens": of all windows together, "store": folder}, which are read with pypdf and cut into windows of equally
many tokens. Answers each with {"seconds", "processorSeconds", "chunks", "tokens", "peakMegabytes"} on stdout. The model is loaded before
the first answer.
"""
import json
import logging
import os
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
# A text longer than the model reads is only cut here, not embedded.
logging.getLogger("transformers").setLevel(logging.ERROR)
print(json.dumps({"ready": True}), flush=True)


def windows_of_pdfs(folder, count, tokens):
    from pypdf import PdfReader

    texts = {}
    for name in sorted(os.listdir(folder)):
        pages = PdfReader(os.path.join(folder, name)).pages
        texts[name] = "\n".join(page.extract_text() for page in pages)
    offsets = {
        name: model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        for name, text in texts.items()
    }
    # Each window has two special tokens beside its own. With this step there are `count` windows of this size.
    size = max(1, round(tokens / count) - 2)
    step = max(1.0, sum(map(len, offsets.values())) / count)
    rows = []
    for name, text in texts.items():
        places = offsets[name]
        first = 0.0
        while int(first) < len(places):
            window = places[int(first) : int(first) + size]
            rows.append({"id": f"{name}#{len(rows)}", "document": name, "text": text[window[0][0] : window[-1][1]]})
            first += step
    return rows


for line in sys.stdin:
    asked = json.loads(line)
    start, processor = time.perf_counter(), time.process_time()
    if "documents" in asked:
        rows = windows_of_pdfs(asked["documents"], asked["windows"], asked["tokens"])
    else:
        with open(asked["chunks"], encoding="utf8") as file:
            rows = [json.loads(row) for row in file]
    read = time.perf_counter()
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
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor
    # What is embedded of a text ends where the model's reading does.
    ids = model.tokenizer([row["text"] for row in rows], truncation=True, max_length=model.max_seq_length)["input_ids"]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "readingSeconds": read - start,
                "processorSeconds": processor_seconds,
                "chunks": len(rows),
                "tokens": sum(map(len, ids)),
                "peakMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
            }
        ),
        flush=True,
    )
