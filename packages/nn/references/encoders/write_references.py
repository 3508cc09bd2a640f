"""Tiny random sentence embedders and their vectors by sentence-transformers; token ids of odd texts by Hugging Face's tokenizers (Rust).

    xlm-roberta   XLM-RoBERTa with its Unigram tokenizer and SentencePiece's own normalisation, float16, mean, normalised
    bert-unigram  BERT with a Unigram tokenizer (as multilingual E5 has), bfloat16, first token, a Dense layer, normalised
    modernbert    ModernBERT with byte-level BPE, float32, mean: global attention in every third layer, else a window of 8

usage: write_references.py      writes the folders beside this script, each with reference.json
needs: torch 2.13.0, transformers, sentence-transformers, tokenizers, sentencepiece
"""
import io
import json
import pathlib
import random
import shutil

import sentence_transformers
import sentencepiece
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, ModernBertConfig, ModernBertModel, XLMRobertaConfig, XLMRobertaModel

here = pathlib.Path(__file__).parent
CORPUS = [
    "The harbour office opens at eight in the morning and closes at five.", "Every ship pays its fee before it leaves the harbour.",
    "Das Hafenamt öffnet um acht Uhr morgens und schließt um fünf.", "Jedes Schiff zahlt seine Gebühr, bevor es den Hafen verlässt.",
    "Le bureau du port ouvre à huit heures et ferme à dix-sept heures.", "Chaque navire paie sa taxe avant de quitter le port.",
    "Портовая контора открывается в восемь утра и закрывается в пять.", "港务局早上八点开门，下午五点关门。", "港の事務所は朝八時に開き、五時に閉まります。",
    "يفتح مكتب الميناء في الثامنة صباحا ويغلق في الخامسة.", "สำนักงานท่าเรือเปิดแปดโมงเช้าและปิดห้าโมงเย็น", "बंदरगाह कार्यालय सुबह आठ बजे खुलता है।",
    "Ship no. 4711 (type B-12) carried 3,250 tonnes; the fee was €1.20 per tonne.", "항구 사무소는 아침 여덟 시에 열고 다섯 시에 닫는다.",
]
TEXTS = [
    "The harbour office opens at eight.", "fee", "", "Jedes Schiff zahlt seine Gebühr.", "港务局早上八点开门。", "a  b\tc\n\nd ",
    "Ship no. 4711 pays the fee of the harbour office before it leaves, and then it leaves the harbour.", "ﬁne ①②½ Ⅳ ｆｕｌｌ ｗｉｄｔｈ",
]
POOL = (
    "abcXYZ éÉñÅ ΣσςİıßﬀK ≠≯;` \u00ad\u200b\u200d\u0301\u0338 漢字か가각\U00020000\U0001f600👩\u200d👧 …—“”«»$+=~^|<> ～①½ \t\n\u00a0\u3000\u2028"
    " นี้ नमस्ते مرحبا ﷺ ① ㍍ ﾊﾟ が ヴ ﬃ ™ ℡ ∀ ð þ 0123456789 .,;:!?()[]{}'\"/\\ </s> <s> ▁ _"
)
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
random.seed(3)
ODD = ["".join(random.choice(POOL) for _ in range(random.randint(1, 50))) for _ in range(150)]
ODD += ["".join(chr(random.randint(0x20, 0x24F)) for _ in range(random.randint(1, 30))) for _ in range(40)]
ODD += CORPUS + [" ".join(random.sample(" ".join(CORPUS).split(), 12)) for _ in range(20)]


def unigram(normalizer):
    """SentencePiece's own training, and the tokenizer that transformers makes of it for XLM-RoBERTa."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 4), model_writer=model, vocab_size=430, model_type="unigram", character_coverage=1.0,
        normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2,
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces[3:]]
    vocabulary = [(name, 0.0) for name in SPECIAL] + pieces + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizer(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in SPECIAL])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def byte_level_bpe():
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    tokenizer.train_from_iterator(CORPUS * 4, trainers.BpeTrainer(vocab_size=400, special_tokens=special[:4], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False, special=True)])
    ids = {name: tokenizer.token_to_id(name) for name in special}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    return tokenizer, ids


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n")


def write_folder(name, model, tokenizer, names, dtype, pooling, dense=None, normalise=True, max_length=48, prefix=""):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = model.eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data += torch.randn_like(parameter) * 0.2
    model = model.to(dtype)
    model.config.save_pretrained(folder)
    save_file({prefix + key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"))
    write(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_length, **names})
    write(folder / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": False})
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + ([("2_Dense", "Dense")] if dense else []) + ([("3_Normalize", "Normalize")] if normalise else [])
    write(folder / "modules.json", [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"} for index, (path, kind) in enumerate(modules)
    ])
    write(folder / "1_Pooling" / "config.json", {
        "word_embedding_dimension": 16, "pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False,
    })
    if normalise:
        (folder / "3_Normalize").mkdir()
        (folder / "3_Normalize" / ".gitkeep").write_text("")
    if dense:
        write(folder / "2_Dense" / "config.json", {"in_features": 16, "out_features": dense, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"})
        save_file({"linear.weight": torch.randn(dense, 16) * 0.4, "linear.bias": torch.randn(dense) * 0.1}, folder / "2_Dense" / "model.safetensors")
    st = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    texts = [text for text in TEXTS if len(tokenizer.encode(text).ids) <= max_length]
    assert len(texts) >= len(TEXTS) - 1, [len(tokenizer.encode(text).ids) for text in TEXTS]
    vectors = [st.encode([text], convert_to_numpy=True)[0].tolist() for text in texts]
    write(folder / "reference.json", {
        "madeWith": f"torch {torch.__version__}, transformers {transformers.__version__}, sentence-transformers {sentence_transformers.__version__}, tokenizers {tokenizers.__version__}",
        "texts": texts, "ids": [tokenizer.encode(text).ids for text in texts], "vectors": vectors,
        "tokens": [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in ODD],
    })
    print(name, [len(tokenizer.encode(text).ids) for text in texts], [round(sum(v * v for v in vector), 3) for vector in vectors])


torch.manual_seed(9)
roberta = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
sizes = dict(hidden_size=16, num_attention_heads=2, intermediate_size=24, initializer_range=0.4)
precompiled = unigram(lambda charsmap: normalizers.Sequence([normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")]))
write_folder("xlm-roberta", XLMRobertaModel(XLMRobertaConfig(
    vocab_size=precompiled.get_vocab_size(), num_hidden_layers=2, max_position_embeddings=50, type_vocab_size=1, layer_norm_eps=1e-5,
    pad_token_id=1, bos_token_id=0, eos_token_id=2, **sizes,
)), precompiled, roberta, torch.float16, "mean", prefix="roberta.")
plain = unigram(lambda _: normalizers.NFKC())
write_folder("bert-unigram", BertModel(BertConfig(
    vocab_size=plain.get_vocab_size(), num_hidden_layers=2, max_position_embeddings=48, layer_norm_eps=1e-12, pad_token_id=1, **sizes,
)), plain, roberta, torch.bfloat16, "cls", dense=12)
bpe, ids = byte_level_bpe()
write_folder("modernbert", ModernBertModel(ModernBertConfig(
    vocab_size=bpe.get_vocab_size(), num_hidden_layers=4, max_position_embeddings=64, local_attention=8, global_attn_every_n_layers=3,
    global_rope_theta=160000.0, local_rope_theta=10000.0, norm_eps=1e-5, pad_token_id=ids["[PAD]"], cls_token_id=ids["[CLS]"], sep_token_id=ids["[SEP]"],
    bos_token_id=ids["[CLS]"], eos_token_id=ids["[SEP]"], initializer_cutoff_factor=2.0, **sizes,
)), bpe, {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}, torch.float32, "mean", normalise=False, max_length=64)
