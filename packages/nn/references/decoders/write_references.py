"""Writes a tiny random model of every decoder family, and what Transformers, PEFT and llama.cpp's converter make of it.

    python write_references.py LLAMA_CPP_FOLDER [NAME ...]

LLAMA_CPP_FOLDER is a checkout of ggml-org/llama.cpp (node-llama-cpp carries its own as a bundle:
`git clone node_modules/node-llama-cpp/llama/gitRelease.bundle`). Needs torch 2.13, transformers, peft, safetensors.

For each NAME a folder:
    config.json, model*.safetensors   the base, as `save_pretrained` writes it
    model.gguf                        the base through `convert_hf_to_gguf.py`, F32, with a vocabulary of made-up tokens
    adapter/                          a random LoRA on all seven projections, as PEFT writes it
    adapter.gguf                      the LoRA through `convert_lora_to_gguf.py`
    gradients.safetensors             of the mean loss by every LoRA matrix
    reference.json                    three sequences of different lengths, padded to one batch, and their mean loss
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "llama"))
from write_references import lora_matrices, mean_loss  # noqa: E402

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
VOCABULARY = 48
SIZES = dict(
    vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
T = transformers
# The configuration of each, and how its weights are stored. Sequences are longer than every window.
MODELS = {
    # Tied head.
    "smollm2": (T.LlamaConfig(**SIZES, rope_parameters=PLAIN, tie_word_embeddings=True), dict(dtype=torch.float32)),
    # Scaled rotary frequencies, heads wider than width / heads, untied head, stored in bfloat16.
    "llama3": (T.LlamaConfig(**SIZES, head_dim=8, rope_parameters=LLAMA3, tie_word_embeddings=False), dict(dtype=torch.bfloat16)),
    # Biases on all seven projections: those of q and k are rotated like their rows.
    "llama-biases": (
        T.LlamaConfig(**SIZES, rope_parameters=PLAIN, attention_bias=True, mlp_bias=True, tie_word_embeddings=True),
        dict(dtype=torch.float32),
    ),
    # A window on every layer, stored in float16.
    "mistral": (T.MistralConfig(**SIZES, head_dim=8, rope_parameters=PLAIN, sliding_window=5), dict(dtype=torch.float16)),
    # Every fourth layer without rotation.
    "smollm3": (T.SmolLM3Config(**SIZES | dict(num_hidden_layers=4), rope_parameters=PLAIN), dict(dtype=torch.float32)),
    # Biases on q, k and v, stored in bfloat16.
    "qwen2": (T.Qwen2Config(**SIZES, rope_parameters=PLAIN, tie_word_embeddings=True), dict(dtype=torch.bfloat16)),
    # q and k normalised by head, in several files.
    "qwen3": (T.Qwen3Config(**SIZES, head_dim=8, rope_parameters=PLAIN), dict(dtype=torch.float32, max_shard_size="12KB")),
    # Everything Gemma; the long layers' frequencies scaled as from 4B on, a query scale other than the head's width.
    "gemma3": (
        T.Gemma3TextConfig(
            **SIZES | dict(num_hidden_layers=6), head_dim=8, query_pre_attn_scalar=5, sliding_window=5,
            rope_parameters={
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            },
        ),
        dict(dtype=torch.float32),
    ),
}
CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}"


def write(name: str, llama_cpp: pathlib.Path) -> None:
    config, saving = MODELS[name]
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(len(name))
    model = T.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    for path, parameter in model.named_parameters():
        # Gemma adds 1 to the gains of its norms.
        mean = 1.0 if "norm" in path and name != "gemma3" else 0.0
        torch.nn.init.normal_(parameter, mean=mean, std=0.3)
    model.to(saving.pop("dtype")).save_pretrained(folder, **saving)
    (folder / "generation_config.json").unlink(missing_ok=True)
    # The stored, rounded weights are the model.
    model = T.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")

    lora = LoraConfig(r=2, lora_alpha=4, lora_dropout=0.0, target_modules=TARGETS, bias="none", task_type="CAUSAL_LM")
    adapted = get_peft_model(model, lora)
    matrices = lora_matrices(adapted)
    for parameter in matrices.values():
        torch.nn.init.normal_(parameter, std=0.2)
    adapted.peft_config["default"].base_model_name_or_path = f"tiny-random/{name}"
    adapted.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    # A set, whose order changes from run to run.
    adapter_config = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    adapter_config["target_modules"].sort()
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(adapter_config, indent=2) + "\n")

    sequences = []
    for length, first in ((9, 5), (15, 4), (6, 1)):
        tokens = torch.randint(3, VOCABULARY, (length,)).tolist()
        sequences.append({"tokens": tokens, "labels": list(range(first, length))})
    loss = mean_loss(adapted, sequences)
    loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in matrices.items()}
    save_file(gradients, folder / "gradients.safetensors")
    (folder / "reference.json").write_text(json.dumps(dict(sequences=sequences, loss=loss.item())) + "\n")
    print(f"{name}: loss {loss.item()}, {len(gradients)} gradients")

    to_gguf(folder, llama_cpp)
    subprocess.run(
        [sys.executable, llama_cpp / "convert_lora_to_gguf.py", "--base", folder, "--outtype", "f32", "--outfile",
         folder / "adapter.gguf", folder / "adapter"],
        check=True, capture_output=True,
    )


def to_gguf(folder: pathlib.Path, llama_cpp: pathlib.Path) -> None:
    """llama.cpp's own converter; only the vocabulary, which it would take from a real tokenizer, is made up."""
    sys.path.insert(0, str(llama_cpp / "gguf-py"))
    sys.path.insert(0, str(llama_cpp))
    import gguf
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    tokens = ["<unk>", "<s>", "</s>"] + [f"{chr(97 + index % 26)}{index // 26}" for index in range(VOCABULARY - 3)]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (VOCABULARY - 3)

    def set_vocab(self):
        writer = self.gguf_writer
        # Byte pairs: llama.cpp's other tokenizer wants a token for each of 256 bytes.
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_merges(["a 0"])
        writer.add_token_types(types)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(False)
        writer.add_chat_template(CHAT_TEMPLATE)

    with tempfile.TemporaryDirectory() as temporary, torch.inference_mode():
        source = pathlib.Path(temporary) / "model"
        source.mkdir()
        for file in [folder / "config.json", *folder.glob("model*")]:
            shutil.copy(file, source)
        # Gemma's converter counts the tokens here.
        tokenizer = {"model": {"vocab": {token: index for index, token in enumerate(tokens)}}, "added_tokens": []}
        (source / "tokenizer.json").write_text(json.dumps(tokenizer))
        architecture = get_model_architecture(ModelBase.load_hparams(source, False), ModelType.TEXT)
        model_class = get_model_class(architecture)
        patched = type("Tiny", (model_class,), {"set_vocab": set_vocab, "model_arch": model_class.model_arch})
        patched(source, gguf.LlamaFileType.ALL_F32, folder / "model.gguf", model_name=folder.name).write()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    torch.set_num_threads(2)
    for chosen in sys.argv[2:] or MODELS:
        write(chosen, pathlib.Path(sys.argv[1]).resolve())
