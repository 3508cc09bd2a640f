"""Writes the stored references that packages/nn's Llama is tested against, with PyTorch, Transformers and PEFT.

    python write_references.py tiny            -> tiny.safetensors, tiny.json
    python write_references.py smollm2 X.gguf  -> smollm2.json

Needs torch 2.13, transformers, peft, safetensors, gguf. `tiny` is a random two-layer Llama with grouped-query attention
and untied head: its loss, all LoRA gradients, and the LoRA matrices after three steps of AdamW with warm-up, cosine
decay and clipping. `smollm2` is the real model from the GGUF's dequantised blocks with a LoRA of fixed pseudo-random
values, on two chat sequences: loss, and of each of the 420 gradients its norm, some values, and its inner products with
fixed random +-1 vectors. The mean square of the differences of such products estimates the squared L2 distance between
two gradients, so a few numbers stand for the whole tensor.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, get_cosine_schedule_with_warmup
from transformers.models.llama.modeling_llama import LlamaRMSNorm

HERE = pathlib.Path(__file__).parent
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PREFIX = "base_model.model."


def mulberry32(seed: int, count: int) -> np.ndarray:
    """Uniform numbers in [0, 1): the generator of the TypeScript side, whose state is a counter."""
    with np.errstate(over="ignore"):
        state = np.uint32(seed) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
        return (mixed ^ (mixed >> np.uint32(14))).astype(np.float64) / 4294967296


def with_lora(model: LlamaForCausalLM, rank: int, alpha: int):
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=TARGETS, bias="none")
    return get_peft_model(model, config)


def lora_matrices(model) -> dict[str, torch.nn.Parameter]:
    """By `<module path>.a` or `.b`, in the order layer, target, a, b."""
    found = {}
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            path = name.removeprefix(PREFIX).replace(".default.weight", "")
            found[path.replace(".lora_A", ".a").replace(".lora_B", ".b")] = parameter
    order = {target: index for index, target in enumerate(TARGETS)}
    return dict(
        sorted(found.items(), key=lambda item: (int(item[0].split(".")[2]), order[item[0].split(".")[-2]], item[0][-1]))
    )


def mean_loss(model, sequences) -> torch.Tensor:
    """Cross-entropy over all labelled tokens of the batch, padded on the right."""
    length = max(len(sequence["tokens"]) for sequence in sequences)
    tokens = torch.zeros(len(sequences), length, dtype=torch.long)
    attention = torch.zeros(len(sequences), length, dtype=torch.long)
    labels = torch.full((len(sequences), length), -100)
    for row, sequence in enumerate(sequences):
        ids = torch.tensor(sequence["tokens"])
        tokens[row, : len(ids)] = ids
        attention[row, : len(ids)] = 1
        positions = torch.tensor(sequence["labels"])
        labels[row, positions] = ids[positions]
    logits = model(input_ids=tokens, attention_mask=attention).logits
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=-100
    )


def write_tiny() -> None:
    torch.manual_seed(1)
    sizes = dict(
        vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, head_dim=4, max_position_embeddings=64, rms_norm_eps=1e-5,
    )
    config = LlamaConfig(
        **sizes, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, tie_word_embeddings=False,
        attention_bias=False, mlp_bias=False, attn_implementation="eager",
    )
    model = LlamaForCausalLM(config).float()
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=1.0 if "norm" in name else 0.0, std=0.3)
    tensors = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}

    rank, alpha = 3, 6
    model = with_lora(model, rank, alpha)
    matrices = lora_matrices(model)
    for parameter in matrices.values():
        torch.nn.init.normal_(parameter, std=0.2)
    random = np.random.default_rng(2)
    sequences = []
    for length, first in ((9, 5), (13, 4), (6, 1)):
        tokens = random.integers(0, sizes["vocab_size"], length).tolist()
        sequences.append({"tokens": tokens, "labels": list(range(first, length))})

    for name, parameter in matrices.items():
        tensors[f"lora.{name}"] = parameter.detach().clone()
    loss = mean_loss(model, sequences)
    loss.backward()
    for name, parameter in matrices.items():
        tensors[f"gradient.{name}"] = parameter.grad.clone()

    training = dict(learning_rate=0.02, weight_decay=0.1, maximum_gradient_norm=0.5, warmup_steps=1, total_steps=3)
    optimizer = torch.optim.AdamW(
        matrices.values(), lr=training["learning_rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=training["weight_decay"]
    )
    # One step ahead of Transformers' counting, so that neither the first nor the last step has a rate of zero.
    schedule = get_cosine_schedule_with_warmup(optimizer, training["warmup_steps"], training["total_steps"] + 1)
    optimizer.zero_grad()
    optimizer.step()
    schedule.step()
    losses, norms, rates = [], [], []
    for _ in range(training["total_steps"]):
        optimizer.zero_grad()
        step_loss = mean_loss(model, sequences)
        step_loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(matrices.values(), training["maximum_gradient_norm"]).item())
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(step_loss.item())
    for name, parameter in matrices.items():
        tensors[f"trained.{name}"] = parameter.detach().clone()

    save_file(tensors, HERE / "tiny.safetensors")
    logits = model(input_ids=torch.tensor([sequences[0]["tokens"]])).logits[0]
    reference = dict(
        config=dict(sizes, rope_theta=10000.0), rank=rank, alpha=alpha, sequences=sequences, loss=loss.item(),
        training=dict(training, losses=losses, gradient_norms=norms, learning_rates=rates),
        logits_after_training=[[round(value, 6) for value in row] for row in logits.tolist()],
    )
    (HERE / "tiny.json").write_text(json.dumps(reference) + "\n")
    print("tiny: loss", loss.item(), "->", losses)


def load_gguf(path: str) -> LlamaForCausalLM:
    """The dequantised blocks under Hugging Face's names, the rows of q and k back in its order."""
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(path)
    field = lambda key: reader.get_field(f"llama.{key}").contents()
    raw = {t.name: torch.from_numpy(dequantize(t.data, t.tensor_type).astype(np.float32)) for t in reader.tensors}
    heads, kv_heads, width = field("attention.head_count"), field("attention.head_count_kv"), field("embedding_length")

    def unpermute(weight: torch.Tensor, count: int) -> torch.Tensor:
        return weight.view(count, weight.shape[0] // count // 2, 2, -1).swapaxes(1, 2).reshape(weight.shape)

    names = {
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    state = {"model.embed_tokens.weight": raw["token_embd.weight"], "model.norm.weight": raw["output_norm.weight"]}
    for layer in range(field("block_count")):
        for short, long in names.items():
            weight = raw[f"blk.{layer}.{short}.weight"]
            if short in ("attn_q", "attn_k"):
                weight = unpermute(weight, heads if short == "attn_q" else kv_heads)
            state[f"model.layers.{layer}.{long}.weight"] = weight
    config = LlamaConfig(
        vocab_size=raw["token_embd.weight"].shape[0], hidden_size=width, intermediate_size=field("feed_forward_length"),
        num_hidden_layers=field("block_count"), num_attention_heads=heads, num_key_value_heads=kv_heads,
        max_position_embeddings=field("context_length"), rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field("rope.freq_base")}, tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model = model.to_empty(device="cpu").float()
    model.model.rotary_emb.__init__(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert set(missing) <= {"lm_head.weight"} and not unexpected, (missing, unexpected)
    model.tie_weights()
    return model


CHATS = [
    ("You answer patients' questions.", "What are the symptoms of abetalipoproteinemia?",
     "People with abetalipoproteinemia cannot absorb dietary fats well. In infancy there is poor weight gain and diarrhea [1]."),
    ("Reply in JSON.", "Is ABL inherited?",
     '{"intent": "inheritance", "entities": {"condition": "abetalipoproteinemia"}, "response": "Yes, in an autosomal recessive pattern. [1]"}'),
]


def chat_sequences(gguf: str):
    from transformers import AutoTokenizer

    path = pathlib.Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    sequences = []
    for system, user, assistant in CHATS:
        prompt = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"
        before = tokenizer(prompt, add_special_tokens=False).input_ids
        answer = tokenizer(assistant + "<|im_end|>", add_special_tokens=False).input_ids
        sequences.append(
            {"tokens": before + answer, "labels": list(range(len(before), len(before) + len(answer)))}
        )
    return sequences


def write_smollm2(gguf: str) -> None:
    rank, alpha, seed, probes = 16, 32, 11, 8
    # In float64: PyTorch's float32 softmax over 49,152 words loses 1e-5 of its sum, as much as is compared.
    LlamaRMSNorm.forward = lambda norm, x: norm.weight * x * torch.rsqrt(
        x.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon
    )
    model = with_lora(load_gguf(gguf), rank, alpha).double()
    matrices = lora_matrices(model)
    for index, (name, parameter) in enumerate(matrices.items()):
        half_range = 0.05 if name.endswith(".a") else 0.02
        values = (mulberry32(seed + index, parameter.numel()) * 2 - 1) * half_range
        parameter.data = torch.from_numpy(values.astype(np.float32)).double().view(parameter.shape)
    sequences = chat_sequences(gguf)
    loss = mean_loss(model, sequences)
    loss.backward()
    gradients = []
    for index, (name, parameter) in enumerate(matrices.items()):
        flat = parameter.grad.double().flatten().numpy()
        signs = np.where(mulberry32(1_000_000 + index, probes * len(flat)) < 0.5, -1.0, 1.0).reshape(probes, -1)
        short = lambda value: float(f"{value:.8g}")
        gradients.append(dict(
            name=name, norm=short(np.linalg.norm(flat)), probes=[short(value) for value in signs @ flat],
            values=[short(value) for value in flat[:: len(flat) // 5][:5]],
        ))
    reference = dict(rank=rank, alpha=alpha, seed=seed, probes=probes, sequences=sequences, loss=loss.item(), gradients=gradients)
    (HERE / "smollm2.json").write_text(json.dumps(reference) + "\n")
    print("smollm2: loss", loss.item(), "labelled", sum(len(s["labels"]) for s in sequences))


if __name__ == "__main__":
    torch.set_num_threads(2)
    if sys.argv[1:2] == ["tiny"]:
        write_tiny()
    elif sys.argv[1:2] == ["smollm2"] and len(sys.argv) == 3:
        write_smollm2(sys.argv[2])
    else:
        sys.exit(__doc__)
