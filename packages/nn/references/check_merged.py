"""Does Transformers load a folder that `exportMergedSafetensors` wrote, and is it base + adapter to it?

usage: check_merged.py BASE_FOLDER ADAPTER_FOLDER MERGED_FOLDER
"""
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base_folder, adapter_folder, merged_folder = sys.argv[1:4]
load = lambda folder: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
tokens = torch.randint(0, load(base_folder).config.get_text_config().vocab_size, (2, 11), generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    plain = load(base_folder)(tokens).logits
    expected = PeftModel.from_pretrained(load(base_folder), adapter_folder)(tokens).logits
    actual = load(merged_folder)(tokens).logits
difference = (actual - expected).abs().max().item()
moved = (expected - plain).abs().max().item()
print(f"largest difference of logits {difference:.2e}; the adapter moves them by up to {moved:.2e}")
assert moved > 100 * difference and difference < 1e-4
