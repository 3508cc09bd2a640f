"""A tiny adapter saved by PEFT itself, for `importPeft`.

usage: peft_adapter.py      writes the folder peft-adapter beside this script
"""
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

folder = pathlib.Path(__file__).with_name("peft-adapter")
shutil.rmtree(folder, ignore_errors=True)
torch.manual_seed(3)
base = LlamaForCausalLM(LlamaConfig(
    vocab_size=17, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
))
model = get_peft_model(base, LoraConfig(r=3, lora_alpha=6, target_modules=["q_proj", "k_proj", "down_proj"], task_type="CAUSAL_LM"))
# Each value tells where it stands, so that the test can say what it must read: a little after the module's number.
for number, (name, parameter) in enumerate(p for p in model.named_parameters() if "lora_" in p[0]):
    parameter.data = number + torch.arange(parameter.numel()).reshape(parameter.shape) / 1024
    print(number, name, tuple(parameter.shape))
model.save_pretrained(folder)
