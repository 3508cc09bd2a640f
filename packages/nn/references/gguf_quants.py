"""One small tensor of every quantisation that is read, and its values by gguf's own dequantisers (numpy). Blocks that gguf
cannot quantise are random bytes with sensible scales: any bytes are a valid block.

usage: gguf_quants.py      writes quants.gguf and quants.safetensors beside this script
"""
import importlib.metadata
import pathlib

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType as Type
from gguf.quants import dequantize
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
random = np.random.default_rng(11)
# Byte offsets of the half-precision scales inside a block.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82],
    Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}
ROWS, BLOCKS = 2, 3

writer = gguf.GGUFWriter(here / "quants.gguf", "test")
writer.add_uint8("value.uint8", 255)
writer.add_int8("value.int8", -128)
writer.add_uint16("value.uint16", 65535)
writer.add_int16("value.int16", -32768)
writer.add_uint32("value.uint32", 4294967295)
writer.add_int32("value.int32", -2147483648)
writer.add_uint64("value.uint64", 2**64 - 1)
writer.add_int64("value.int64", -(2**63))
writer.add_float32("value.float32", 0.1)
writer.add_float64("value.float64", 0.1)
writer.add_bool("value.bool", True)
writer.add_string("value.string", "Grüße, 世界 👋")
writer.add_array("value.strings", ["a", "", "ß"])
writer.add_array("value.numbers", [1, -2, 3])
values = {}
for kind, scales in SCALES.items():
    size, bytes_per_block = gguf.GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (ROWS, BLOCKS, bytes_per_block), dtype=np.uint8)
    for at in scales:
        scale = (random.standard_normal((ROWS, BLOCKS, 1)) * 0.1).astype("<f2")
        data[..., at : at + 2] = scale.view(np.uint8)
    data = data.reshape(ROWS, BLOCKS * bytes_per_block)
    writer.add_tensor(kind.name, data, raw_dtype=kind)
    values[kind.name] = dequantize(data, kind).astype("<f4")
plain = random.standard_normal((3, 5)).astype("<f4")
plain[0, :4] = [0, -0.0, 65504, 6e-8]
writer.add_tensor("F32", plain)
writer.add_tensor("F16", plain.astype("<f2"))
writer.add_tensor("F64", plain.astype("<f8"))
bfloat16 = (plain.view(np.uint32) >> 16).astype("<u2")
writer.add_tensor("BF16", bfloat16.view(np.uint8), raw_dtype=Type.BF16)
values |= {"F32": plain, "F16": plain.astype("<f2").astype("<f4"), "F64": plain, "BF16": (bfloat16.astype("<u4") << 16).view("<f4")}
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(values, here / "quants.safetensors", metadata={"made_with": f"gguf {importlib.metadata.version('gguf')}"})
for tensor in gguf.GGUFReader(here / "quants.gguf").tensors:
    print(tensor.name, tensor.shape, tensor.tensor_type.name)
