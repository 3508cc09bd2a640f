"""Token ids and offsets of odd texts from Hugging Face's tokenizers (Rust).

usage: tokens.py MODEL_FOLDER      writes tokens.json beside this script

Characters are drawn from Unicode 8 and before: the Rust library classes later ones (punctuation, marks) as of that version.
"""
import json
import pathlib
import random
import sys

import tokenizers

POOL = (
    "abcXYZ éÉñÅ ΣσςİıßﬀK ≠≯;` \u00ad\u200b\u0301\u0338 漢字か가각\U00020000\U0002f800\U0001f600👩\u200d👧 "
    "…—“”«»$+=~^|<> \t\n\x0b\x0c\x85\ufeff\u3000\u2028\ufffd नमस्ते مرحبا [SEP] [MASK] [CLS"
)
random.seed(1)
tokenizer = tokenizers.Tokenizer.from_file(f"{sys.argv[1]}/tokenizer.json")
tokenizer.no_truncation()
tokenizer.no_padding()
texts = ["", " ", "a" * 100, "a" * 101, "Antidisestablishmentarianism (1,25-dihydroxyvitamin-D3)."]
texts += ["".join(random.choice(POOL) for _ in range(random.randint(1, 60))) for _ in range(150)]
texts += ["".join(chr(random.randint(0x20, 0x24F)) for _ in range(random.randint(1, 30))) for _ in range(50)]

cases = []
for text in texts:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    # The library counts code points; JavaScript counts UTF-16 units.
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    offsets = [[units[start], units[end]] for start, end in encoding.offsets]
    cases.append({"text": text, "ids": encoding.ids, "offsets": offsets})
output = {"madeWith": f"tokenizers {tokenizers.__version__}", "cases": cases}
pathlib.Path(__file__).with_name("tokens.json").write_text(json.dumps(output) + "\n")
print(len(cases), "texts")
