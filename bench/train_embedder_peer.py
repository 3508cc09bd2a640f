"""
The sentence-transformers side of `train-embedder.ts`: reads a job (JSON, path in argv) and prints JSON lines.

    python train_embedder_peer.py train JOB      # one row: trains on the job's batches, prints seconds of each step, saves the model
    python train_embedder_peer.py validate JOB   # mean loss of the job's validation batches under the model in its directory

Rows: fp32 and bf16 (autocast). Dropout is off, as Tandem trains without: the losses can then be compared.
"""
import json
import math
import resource
import sys
import time

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.losses import MultipleNegativesRankingLoss


def schedule(step, warmup, total):
    """Linear, counting steps from 1; reaches zero one step after the last."""
    if step <= warmup:
        return step / max(1, warmup)
    return 1 - (step - warmup) / (total + 1 - warmup)


def columns(model, batch):
    """Queries, then positives: each column padded to its own longest, as the library's collator does."""
    tokenize = getattr(model, "preprocess", None) or model.tokenize
    return [tokenize([pair[side] for pair in batch]) for side in ("query", "positive")]


def load(job):
    torch.set_num_threads(job["threads"])
    model = SentenceTransformer(job["directory"], device="cpu")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    # Attention draws its own dropout when it trains; 0 in the configuration turns that off.
    model[0].auto_model.config.attention_probs_dropout_prob = 0.0
    for layer in model[0].auto_model.encoder.layer:
        if hasattr(layer.attention.self, "dropout_prob"):
            layer.attention.self.dropout_prob = 0.0
    return model


def train(job):
    model = load(job).train()
    loss_of = MultipleNegativesRankingLoss(model)
    parameters = [p for name, p in model.named_parameters() if "pooler" not in name]
    optimizer = torch.optim.AdamW(parameters, lr=job["learningRate"], weight_decay=0.0, fused=True)
    total = len(job["batches"])
    warmup = math.floor(job["warmupFraction"] * total + 0.5)
    for step, batch in enumerate(job["batches"], start=1):
        start = time.perf_counter()
        cpu = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["row"] == "bf16"):
            loss = loss_of(columns(model, batch), torch.tensor([]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = job["learningRate"] * schedule(step, warmup, total)
        optimizer.step()
        optimizer.zero_grad()
        seconds = time.perf_counter() - start
        line = {"seconds": seconds, "cpuSeconds": time.process_time() - cpu, "pairs": len(batch), "loss": loss.item()}
        print(json.dumps(line), flush=True)
    if job.get("output"):
        model.save_pretrained(job["output"])
    print(json.dumps({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


def validate(job):
    model = load(job).eval()
    loss_of = MultipleNegativesRankingLoss(model)
    with torch.no_grad():
        losses = [loss_of(columns(model, batch), torch.tensor([])).item() * len(batch) for batch in job["validation"]]
    print(json.dumps({"validationLoss": sum(losses) / sum(len(batch) for batch in job["validation"])}))


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        task = json.load(file)
    {"train": train, "validate": validate}[sys.argv[1]](task)
