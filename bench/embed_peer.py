"""
The Python side of `embed.ts`: prints one JSON line.

    python embed_peer.py run JOB              # sentence-transformers (CPU) on the job's texts: st-fp32, or st-bf16 with weights in bfloat16
    python embed_peer.py export MODEL FOLDER  # the model as ONNX, for transformers.js
"""
import json
import os
import shutil
import sys
import time

import torch
from sentence_transformers import SentenceTransformer


def run(job):
    torch.set_num_threads(job["threads"])
    kind = torch.bfloat16 if job["row"] == "st-bf16" else torch.float32
    model = SentenceTransformer(job["directory"], device="cpu", model_kwargs={"dtype": kind})
    model.encode(job["texts"][:8], show_progress_bar=False)
    start = time.perf_counter()
    # Sorted by length by the library itself; 32 is its default.
    model.encode(job["texts"], batch_size=32, show_progress_bar=False)
    print(json.dumps({"chunks": len(job["texts"]), "seconds": time.perf_counter() - start}))


def export(directory, folder):
    model = SentenceTransformer(directory, device="cpu")[0].auto_model.eval()
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    example = {name: torch.ones(2, 16, dtype=torch.long) for name in ("input_ids", "attention_mask", "token_type_ids")}
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    torch.onnx.export(
        model,
        (),
        os.path.join(folder, "onnx", "model.onnx"),
        kwargs=example,
        input_names=list(example),
        output_names=["last_hidden_state", "pooler_output"],
        dynamic_shapes={name: {0: batch, 1: length} for name in example},
        external_data=False,
    )
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(directory, name), folder)
    print(json.dumps({"chunks": 0, "seconds": 0}))


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(*sys.argv[2:])
    else:
        with open(sys.argv[2]) as file:
            run(json.load(file))
