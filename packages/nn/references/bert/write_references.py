"""What sentence-transformers and PEFT make of a tiny random BERT: losses, every gradient, and three steps of training.

usage: write_references.py      writes embedder/, cross-encoder/, training.json and training.safetensors beside this script

Tensors are called gradient.NAME, lora.MODULE.a, lora-gradient.MODULE.a, trained.NAME and cross-gradient.NAME, with the names of
`BertModel`. Dropout is off everywhere: what it draws cannot be compared.
"""
import json
import pathlib
import shutil

import peft
import sentence_transformers
import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers import BertConfig, BertForSequenceClassification, BertModel

PAIRS = [
    ("a b c", "d e f g h i j", "k l m"),
    ("n", "o p q r", "a d g j m p s"),
    ("b e h k n", "q t", "c f i l o r"),
    ("s r q", "p o n m l k j i h g f e", "t"),
    ("d d e", "e f f g", "g"),
]
TARGETS = r".*encoder.*\.(query|key|value|dense)"
here = pathlib.Path(__file__).parent
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
vocabulary = special + [chr(ord("a") + i) for i in range(20)]


def write_tokenizer(folder):
    write = lambda name, value: (folder / name).write_text(json.dumps(value) + "\n")
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": i, "content": special[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i in range(5)
        ],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
            ],
            "special_tokens": {name: {"id": name, "ids": [vocabulary.index(name)], "tokens": [name]} for name in ["[CLS]", "[SEP]"]},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {token: index for index, token in enumerate(vocabulary)},
        },
    })
    write("tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "model_max_length": 24, "do_lower_case": True,
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
    })


torch.manual_seed(11)
config = BertConfig(
    vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
    max_position_embeddings=24, initializer_range=0.3, layer_norm_eps=1e-5, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)


def roughen(model):
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data += torch.randn_like(parameter) * 0.2


def write_embedder():
    folder = here / "embedder"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "2_Normalize").mkdir()
    model = BertModel(config)
    roughen(model)
    config.save_pretrained(folder)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(folder)
    (folder / "2_Normalize" / ".gitkeep").write_text("")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}) + "\n")
    (folder / "modules.json").write_text(json.dumps([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]) + "\n")
    return folder


tensors, numbers = {}, {"pairs": PAIRS, "scale": 20.0}
bare = lambda name: name.split("bert.")[-1].split("auto_model.")[-1].removeprefix("base_model.model.")


def ranking_loss(model):
    columns = [model.tokenize(list(texts)) for texts in zip(*PAIRS)]
    return MultipleNegativesRankingLoss(model)(columns, torch.tensor([]))


folder = write_embedder()
load = lambda: SentenceTransformer(str(folder), device="cpu").train()
transformer = lambda model: model[0].auto_model

# Full: loss and gradients, then three steps as transformers' Trainer does them.
model = load()
loss = ranking_loss(model)
loss.backward()
numbers["loss"] = loss.item()
for name, parameter in transformer(model).named_parameters():
    if parameter.grad is not None:
        tensors[f"gradient.{name}"] = parameter.grad.clone()
assert len(tensors) == len(list(transformer(model).parameters())) - 2  # all but the pooler's

model = load()
decayed = [p for n, p in transformer(model).named_parameters() if p.dim() > 1 and "pooler" not in n]
others = [p for n, p in transformer(model).named_parameters() if p.dim() == 1 and "pooler" not in n]
optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=0.01)
schedule = transformers.get_linear_schedule_with_warmup(optimizer, 1, 4)
schedule.step()  # Transformers' first step has the rate 0 and changes nothing; it is left out
numbers["training"] = {"learning_rate": 0.01, "weight_decay": 0.1, "max_norm": 1.0, "warmup_steps": 1, "steps": 3, "losses": [], "norms": [], "rates": []}
for _ in range(3):
    loss = ranking_loss(model)
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(decayed + others, 1.0)
    numbers["training"]["losses"].append(loss.item())
    numbers["training"]["norms"].append(norm.item())
    numbers["training"]["rates"].append(schedule.get_last_lr()[0])
    optimizer.step()
    schedule.step()
for name, parameter in transformer(model).named_parameters():
    if "pooler" not in name:
        tensors[f"trained.{name}"] = parameter.detach().clone()

# LoRA by PEFT on all linears of the encoder, B random so that A has a gradient.
model = load()
adapted = peft.get_peft_model(transformer(model), peft.LoraConfig(r=3, lora_alpha=6, target_modules=TARGETS, lora_dropout=0.0))
model[0].auto_model = adapted
for name, parameter in adapted.named_parameters():
    if "lora_B" in name:
        parameter.data = torch.randn_like(parameter) * 0.2
loss = ranking_loss(model)
loss.backward()
numbers["lora"] = {"rank": 3, "alpha": 6, "loss": loss.item()}
for name, parameter in adapted.named_parameters():
    if "lora_" in name:
        key = bare(name).replace(".lora_A.default.weight", ".a").replace(".lora_B.default.weight", ".b")
        tensors[f"lora.{key}"] = parameter.detach().clone()
        tensors[f"lora-gradient.{key}"] = parameter.grad.clone()

# A cross-encoder: scores by sentence-transformers, and the gradients of binary cross-entropy over positives and negatives.
folder = here / "cross-encoder"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
config.num_labels = 1
classifier = BertForSequenceClassification(config)
roughen(classifier)
classifier.save_pretrained(folder)
write_tokenizer(folder)
cross = CrossEncoder(str(folder), device="cpu")
texts = [(query, text) for query, positive, negative in PAIRS for text in (positive, negative)]
numbers["cross"] = {"scores": cross.predict(texts, activation_fn=torch.nn.Identity()).tolist(), "probabilities": cross.predict(texts).tolist()}
inner = cross[0].auto_model if hasattr(cross, "__getitem__") else cross.model
inner.train()
features = cross.tokenizer([a for a, _ in texts], [b for _, b in texts], padding=True, return_tensors="pt")
logits = inner(**features).logits.squeeze(1)
loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor([1.0, 0.0] * len(PAIRS)))
loss.backward()
numbers["cross"]["loss"] = loss.item()
for name, parameter in inner.named_parameters():
    tensors[f"cross-gradient.{bare(name)}"] = parameter.grad.clone()

numbers["made_with"] = f"torch {torch.__version__}, transformers {transformers.__version__}, sentence-transformers {sentence_transformers.__version__}, peft {peft.__version__}"
(here / "training.json").write_text(json.dumps(numbers, indent=1) + "\n")
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, here / "training.safetensors")
print(numbers, len(tensors))
