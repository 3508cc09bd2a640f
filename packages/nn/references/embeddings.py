"""Vectors of a dozen texts from sentence-transformers, on the CPU in float32.

usage: embeddings.py MODEL_FOLDER      writes embeddings.safetensors beside this script
"""
import json
import pathlib
import sys

import sentence_transformers
import torch
from safetensors.torch import save_file

TEXTS = [
    "What are the symptoms of sickle cell disease?",
    "",
    " ",
    "ALS",
    "Cystic fibrosis is inherited in an autosomal recessive pattern, which means both copies of the gene in each cell have mutations.",
    "Sjögren’s syndrome – “sicca” – affects naïve patients’ salivary glands (≈ 0.5 % of people).",
    "鎌状赤血球症の症状は何ですか。",
    "Каковы симптомы муковисцидоза? ما هي أعراض التليف الكيسي؟ सिकल सेल रोग",
    "👩‍⚕️ 🩺 \u200b soft\u00adhyphen, ﬁligature, e\u0301 combining, \U00020000 rare",
    "1,25-dihydroxyvitamin-D3; 10^-3 mol/L; p<0.05; http://example.org/a?b=c&d=e#f",
    "word " * 40 + "\n\n\tindented\r\nlines",
    # Longer than the model takes: cut to its first 256 tokens.
    "Treatment depends on the severity of the disease and on the patient's age. " * 40,
]

folder = sys.argv[1]
torch.set_num_threads(2)
model = sentence_transformers.SentenceTransformer(folder, device="cpu")
# Texts one by one: the library's own padding then has no part in the numbers.
vectors = torch.stack([torch.from_numpy(model.encode(text, batch_size=1)) for text in TEXTS])
save_file(
    {"vectors": vectors.contiguous()},
    pathlib.Path(__file__).with_name("embeddings.safetensors"),
    metadata={
        "texts": json.dumps(TEXTS),
        "max_seq_length": str(model.max_seq_length),
        "made_with": f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}",
    },
)
print(vectors.shape, vectors.norm(dim=1))
