"""Loads an adapter that `exportPeft` wrote with PEFT itself, and compares its logits with those of the base with
alpha / r * B A added to its weights by hand. A tensor that PEFT ignores or wants is an error.

usage: check_peft.py ADAPTER_FOLDER [BASE_FOLDER | HEADS]
BASE_FOLDER is the model that the adapter was trained for, such as one of `decoders/`. Without it the base is a Llama of random
weights, its shape read off the tensors, with HEADS heads (4).
"""
import copy
import json
import pathlib
import re
import sys
import warnings

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

# PEFT only warns when the file lacks matrices that the configuration asks for.
warnings.filterwarnings("error", message=".*missing adapter keys.*")
folder = pathlib.Path(sys.argv[1])
adapter = load_file(folder / "adapter_model.safetensors")
config = json.loads((folder / "adapter_config.json").read_text())


def random_llama(heads: int) -> LlamaForCausalLM:
    layers = 1 + max(int(re.search(r"layers\.(\d+)", name).group(1)) for name in adapter)
    size = lambda target, side, axis: next(t.shape[axis] for n, t in adapter.items() if f"{target}.lora_{side}" in n)
    width = size("q_proj", "A", 1)
    head = size("q_proj", "B", 0) // heads
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=97, hidden_size=width, intermediate_size=size("up_proj", "B", 0), num_hidden_layers=layers,
            num_attention_heads=heads, head_dim=head, num_key_value_heads=size("k_proj", "B", 0) // head,
        )
    )


torch.manual_seed(0)
given = sys.argv[2] if len(sys.argv) > 2 else "4"
base = random_llama(int(given)) if given.isdigit() else AutoModelForCausalLM.from_pretrained(given, dtype=torch.float32)
base.eval()
merged = copy.deepcopy(base)
weights = dict(merged.named_parameters())
for name, a in adapter.items():
    if ".lora_A." in name:
        b = adapter[name.replace("lora_A", "lora_B")]
        target = name.removeprefix("base_model.model.").replace("lora_A.weight", "weight")
        weights[target].data += config["lora_alpha"] / config["r"] * b @ a

tokens = torch.randint(3, base.config.vocab_size, (2, 11))
with torch.no_grad():
    plain = base(tokens).logits
    expected = merged(tokens).logits
    model = PeftModel.from_pretrained(base, str(folder))
    loaded = {n for n, _ in model.named_parameters() if "lora_" in n}
    assert len(loaded) == len(adapter), f"PEFT has {len(loaded)} LoRA tensors, the file {len(adapter)}"
    actual = model(tokens).logits
difference = (actual - expected).abs().max().item()
moved = (expected - plain).abs().max().item()
print(f"{len(adapter)} tensors; largest difference of logits {difference:.2e}; the adapter moves them by up to {moved:.2e}")
assert moved > 100 * difference and difference < 1e-4
