"""Writes what PyTorch and PEFT make of preference pairs on the tiny model of write_references.py.

    python write_preferences.py      tiny.safetensors, tiny.json -> preferences.safetensors, preferences.json

Direct preference optimisation (Rafailov et al. 2023) as TRL's DPOTrainer computes it with `loss_type="sigmoid"` and a PEFT
model without a reference model of its own: log-probabilities summed over a reply's tokens, the reference's with the adapter
switched off, -log sigmoid(beta * ((chosen - rejected) - (reference chosen - reference rejected))), the mean over pairs. Its
loss, log-probabilities and all LoRA gradients, and the matrices after three steps of AdamW.
"""

import json
import pathlib

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from write_references import lora_matrices, with_lora

HERE = pathlib.Path(__file__).parent
BETA = 0.3
RATE = 0.01


def log_probability(model, prompt: list[int], reply: list[int]) -> torch.Tensor:
    ids = torch.tensor([prompt + reply])
    logs = model(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
    picked = logs.gather(1, ids[0, 1:, None])[:, 0]
    return picked[len(prompt) - 1 :].sum()


def dpo(model, pairs, reference):
    """Mean loss, and the log-probabilities of each pair's replies."""
    losses, replies = [], []
    for pair, (reference_chosen, reference_rejected) in zip(pairs, reference):
        chosen = log_probability(model, pair["prompt"], pair["chosen"])
        rejected = log_probability(model, pair["prompt"], pair["rejected"])
        logits = (chosen - rejected) - (reference_chosen - reference_rejected)
        losses.append(-torch.nn.functional.logsigmoid(BETA * logits))
        replies.append((chosen.item(), rejected.item()))
    return torch.stack(losses).mean(), replies


def main() -> None:
    tiny = json.loads((HERE / "tiny.json").read_text())
    stored = load_file(HERE / "tiny.safetensors")
    sizes = {key: value for key, value in tiny["config"].items() if key != "rope_theta"}
    config = LlamaConfig(
        **sizes, rope_parameters={"rope_type": "default", "rope_theta": tiny["config"]["rope_theta"]},
        tie_word_embeddings=False, attention_bias=False, mlp_bias=False, attn_implementation="eager",
    )
    model = LlamaForCausalLM(config).float()
    model.load_state_dict({name: value for name, value in stored.items() if name.startswith(("model.", "lm_head."))})
    model = with_lora(model, tiny["rank"], tiny["alpha"])
    matrices = lora_matrices(model)
    for name, parameter in matrices.items():
        parameter.data = stored[f"lora.{name}"].clone()

    draw = torch.Generator().manual_seed(4)
    tokens = lambda count: torch.randint(0, sizes["vocab_size"], (count,), generator=draw).tolist()
    pairs = [
        dict(prompt=tokens(prompt), chosen=tokens(chosen), rejected=tokens(rejected))
        for prompt, chosen, rejected in ((5, 4, 6), (3, 9, 2), (8, 1, 5))
    ]
    with torch.no_grad(), model.disable_adapter():
        reference = [
            tuple(log_probability(model, pair["prompt"], pair[side]).item() for side in ("chosen", "rejected"))
            for pair in pairs
        ]
    tensors = {}
    loss, replies = dpo(model, pairs, reference)
    loss.backward()
    for name, parameter in matrices.items():
        tensors[f"gradient.{name}"] = parameter.grad.clone()

    optimizer = torch.optim.AdamW(matrices.values(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        step_loss, _ = dpo(model, pairs, reference)
        step_loss.backward()
        optimizer.step()
        losses.append(step_loss.item())
    for name, parameter in matrices.items():
        tensors[f"trained.{name}"] = parameter.detach().clone()
    save_file(tensors, HERE / "preferences.safetensors")
    written = dict(
        beta=BETA, learning_rate=RATE, pairs=pairs, reference=reference, log_probabilities=replies, loss=loss.item(),
        losses=losses,
    )
    (HERE / "preferences.json").write_text(json.dumps(written) + "\n")
    print("preferences: loss", loss.item(), "->", losses)


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
