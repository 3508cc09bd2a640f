"""A tiny random BERT sentence embedder, and its vectors by sentence-transformers: what MiniLM does not have is float16
weights, pooling by the first token, no normalisation, and a long way to the end of its positions.

usage: tiny_bert.py      writes the folder tiny-bert beside this script
"""
import json
import pathlib
import shutil

import sentence_transformers
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

TEXTS = ["ab", "a b c", "", "abc cab bca ab", "d", "a b c a b c a b c a"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##a", "##b", "##c", "ab", "##ab"]

folder = pathlib.Path(__file__).with_name("tiny-bert")
shutil.rmtree(folder, ignore_errors=True)
(folder / "1_Pooling").mkdir(parents=True)
torch.manual_seed(5)
config = BertConfig(
    vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40,
    max_position_embeddings=12, initializer_range=0.5, layer_norm_eps=1e-5,
)
model = BertModel(config).eval().half()
for parameter in model.parameters():
    if parameter.dim() == 1:
        parameter.data += torch.randn_like(parameter) * 0.2
config.save_pretrained(folder)
state = {f"bert.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
state["cls.predictions.bias"] = torch.zeros(len(VOCABULARY))
save_file(state, folder / "model.safetensors")
tokenizer = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [
        {"id": i, "content": VOCABULARY[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i in range(5)
    ],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {token: index for index, token in enumerate(VOCABULARY)},
    },
}
write = lambda name, value: (folder / name).write_text(json.dumps(value) + "\n")
write("tokenizer.json", tokenizer)
write("tokenizer_config.json", {
    "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 12,
    "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
})
write("1_Pooling/config.json", {
    "word_embedding_dimension": 16, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False,
    "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False,
})
write("modules.json", [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
])
model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
vectors = torch.stack([torch.from_numpy(model.encode(text)) for text in TEXTS])
assert vectors.dtype == torch.float32
save_file({"vectors": vectors}, folder / "vectors.safetensors", metadata={
    "texts": json.dumps(TEXTS),
    "made_with": f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}",
})
print([model.tokenizer(text)["input_ids"] for text in TEXTS], vectors.norm(dim=1))
