"""
The PyTorch + Transformers + PEFT side of `train.ts`: reads a job (JSON, path in argv) and prints JSON lines.

    python train_peer.py init JOB     # saves an adapter to begin from, in PEFT's form
    python train_peer.py train JOB    # one row: trains on the job's batches, prints seconds and tokens of each step

Rows: fp32 (as most users run it), bf16 (autocast), bf16-labelled (autocast, and the language-model head over the labelled rows
only, which Transformers does not do by itself).
"""
import json
import math
import resource
import sys
import time

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def base_model(job):
    model = AutoModelForCausalLM.from_pretrained(
        job["baseFolder"], gguf_file=job["baseFile"], dtype=torch.float32, local_files_only=True
    )
    model.config.use_cache = False
    return model


def padded(batch):
    """Padded on the right to the longest; labels -100 where nothing is learnt. [batch, length] each."""
    length = max(len(example["tokens"]) for example in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    mask = torch.zeros(len(batch), length, dtype=torch.long)
    labels = torch.full((len(batch), length), -100, dtype=torch.long)
    for row, example in enumerate(batch):
        tokens = torch.tensor(example["tokens"])
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
        for start, end in example["labelSpans"]:
            labels[row, start:end] = tokens[start:end]
    return ids, mask, labels


def loss_of(model, batch, row, reduction="mean"):
    ids, mask, labels = padded(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=row != "fp32"):
        if row != "bf16-labelled" and reduction == "mean":
            return model(input_ids=ids, attention_mask=mask, labels=labels).loss
        causal = model.get_base_model()
        hidden = causal.model(input_ids=ids, attention_mask=mask).last_hidden_state
        wanted = labels[:, 1:] != -100
        logits = causal.lm_head(hidden[:, :-1][wanted])
        return torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted], reduction=reduction)


def schedule(step, warmup, total):
    """Tandem's: linear warm-up, half a cosine; `step` counts from 1."""
    if step <= warmup:
        return step / max(1, warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1, (step - warmup) / max(1, total + 1 - warmup))))


def train(job):
    row = job["row"]
    torch.set_num_threads(job["threads"])
    model = PeftModel.from_pretrained(base_model(job), job["initialAdapter"], is_trainable=True)
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=job["learningRate"], weight_decay=0.0)
    total = len(job["batches"])
    warmup = round(job["warmupFraction"] * total)
    for step, batch in enumerate(job["batches"], start=1):
        start = time.perf_counter()
        loss = loss_of(model, batch, row)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = job["learningRate"] * schedule(step, warmup, total)
        optimizer.step()
        optimizer.zero_grad()
        print(
            json.dumps(
                {
                    "seconds": time.perf_counter() - start,
                    "tokens": sum(len(example["tokens"]) for example in batch),
                    "loss": loss.item(),
                }
            ),
            flush=True,
        )
    result = {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    if job["validation"]:
        model.eval()
        with torch.no_grad():
            sums = 0.0
            labelled = 0
            # In float32 for every row: what was learnt is compared, not how it is measured.
            for example in job["validation"]:
                sums += loss_of(model, [example], "fp32", reduction="sum").item()
                labelled += sum(end - start for start, end in example["labelSpans"])
        result["validationLoss"] = sums / labelled
    print(json.dumps(result), flush=True)


def init(job):
    torch.manual_seed(1)
    config = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    get_peft_model(base_model(job), config).save_pretrained(job["initialAdapter"])
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        task = json.load(file)
    {"init": init, "train": train}[sys.argv[1]](task)
