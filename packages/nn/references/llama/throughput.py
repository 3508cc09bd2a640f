"""Training throughput of PyTorch + PEFT on this machine, to compare with throughput.ts.

    python throughput.py X.gguf [steps]

Four sequences of 400 to 500 tokens with 80 labels each a step, LoRA of rank 16 on all projections, float32, AdamW, two
threads. The head runs over all rows, as Transformers' models do when given labels; `lean` as third argument gathers the
labelled rows first, which flatters PyTorch to what a careful user would write.
"""

import resource
import sys
import time

import torch

from write_references import load_gguf, lora_matrices, mulberry32, with_lora


def main(gguf: str, steps: int, lean: bool) -> None:
    torch.set_num_threads(2)
    model = with_lora(load_gguf(gguf), 16, 32)
    parameters = list(lora_matrices(model).values())
    optimizer = torch.optim.AdamW(parameters, lr=5e-4)
    random = iter(mulberry32(3, steps * 4 * 600).tolist())
    tokens = seconds = cpu = 0.0
    for step in range(steps):
        lengths = [400 + int(next(random) * 100) for _ in range(4)]
        longest = max(lengths)
        ids = torch.zeros(4, longest, dtype=torch.long)
        attention = torch.zeros(4, longest, dtype=torch.long)
        labels = torch.full((4, longest), -100)
        for row, length in enumerate(lengths):
            ids[row, :length] = torch.tensor([int(next(random) * 40000) for _ in range(length)])
            attention[row, :length] = 1
            labels[row, length - 80 : length] = ids[row, length - 80 : length]
        start, cpu_start = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        if lean:
            hidden = model.base_model.model.model(input_ids=ids, attention_mask=attention).last_hidden_state
            wanted = labels[:, 1:] != -100
            logits = model.base_model.model.lm_head(hidden[:, :-1][wanted])
            loss = torch.nn.functional.cross_entropy(logits, labels[:, 1:][wanted])
        else:
            loss = model(input_ids=ids, attention_mask=attention, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        took, cpu_took = time.perf_counter() - start, time.process_time() - cpu_start
        print(f"step {step + 1}: loss {loss.item():.3f}, {sum(lengths) / took:.1f} tokens/s", flush=True)
        if step > 0:
            tokens, seconds, cpu = tokens + sum(lengths), seconds + took, cpu + cpu_took
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"torch {'lean' if lean else 'plain'}: {tokens / seconds:.1f} tokens/s, {1000 * cpu / tokens:.2f} CPU ms a token, peak {peak:.2f} GB")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4, sys.argv[3:] == ["lean"])
