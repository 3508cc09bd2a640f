/**
 * The part of ONNX's protobuf schema (onnx.proto3, IR version 10) that a graph needs, written by hand: five wire types
 * and eight messages. Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 */

/** Types of a tensor's elements, as ONNX names them. */
export type DataType =
  | 'float32'
  | 'float64'
  | 'uint8'
  | 'int8'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'float16'
  | 'uint4'
  | 'int4';

const typeCodes: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint4: 21,
  int4: 22,
};

/** A size known now, or the name of one known when the graph runs. Equal names mean equal sizes. */
export type Dimension = number | string;

/** Integers become INT or INTS; a number that must be a FLOAT is written `{ float: 0.5 }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One operation. */
export interface NodeProto {
  operator: string;
  domain: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

/** A constant or a weight. Its bytes are in the model, or in a named file (which may be a buffer passed in memory). */
export interface TensorProto {
  name: string;
  type: DataType;
  shape: readonly number[];
  content: Uint8Array | { location: string; offset: number; length: number };
}

/** Name, type and shape of an input or output. */
export interface ValueInfo {
  name: string;
  type: DataType;
  shape: readonly Dimension[];
}

/** A whole model. */
export interface ModelProto {
  name: string;
  opset: number;
  nodes: readonly NodeProto[];
  initializers: readonly TensorProto[];
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
}

/** Encodes a model as the bytes of an `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  const graph = new Message();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.text(2, model.name);
  for (const tensor of model.initializers) graph.message(5, encodeTensor(tensor));
  for (const input of model.inputs) graph.message(11, encodeValueInfo(input));
  for (const output of model.outputs) graph.message(12, encodeValueInfo(output));

  const onnx = new Message().text(1, '').varint(2, model.opset);
  const contrib = new Message().text(1, 'com.microsoft').varint(2, 1);
  return new Message()
    .varint(1, 10)
    .text(2, '@tandem/nn')
    .message(7, graph)
    .message(8, onnx)
    .message(8, contrib)
    .toBytes();
}

function encodeNode(node: NodeProto): Message {
  const message = new Message();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, node.name).text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes))
    message.message(5, encodeAttribute(name, value));
  return message.text(7, node.domain);
}

function encodeAttribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.varint(3, value).varint(20, 2);
  if (typeof value === 'string') return message.text(4, value).varint(20, 3);
  if ('float' in value) return message.float(2, value.float).varint(20, 1);
  for (const item of value) message.varint(8, item);
  return message.varint(20, 7);
}

function encodeTensor(tensor: TensorProto): Message {
  const message = new Message();
  for (const size of tensor.shape) message.varint(1, size);
  message.varint(2, typeCodes[tensor.type]).text(8, tensor.name);
  if (tensor.content instanceof Uint8Array) return message.bytes(9, tensor.content);
  for (const [key, value] of Object.entries(tensor.content)) {
    message.message(13, new Message().text(1, key).text(2, String(value)));
  }
  return message.varint(14, 1);
}

function encodeValueInfo(value: ValueInfo): Message {
  const shape = new Message();
  for (const size of value.shape) {
    shape.message(1, typeof size === 'number' ? new Message().varint(1, size) : new Message().text(2, size));
  }
  const tensor = new Message().varint(1, typeCodes[value.type]).message(2, shape);
  return new Message().text(1, value.name).message(2, new Message().message(1, tensor));
}

/** A protobuf message being written: a list of byte arrays, joined once at the end. */
class Message {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  varint(field: number, value: number): this {
    return this.push(encodeVarint(field * 8)).push(encodeVarint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.push(encodeVarint(field * 8 + 5)).push(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(encodeVarint(field * 8 + 2))
      .push(encodeVarint(value.length))
      .push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    this.push(encodeVarint(field * 8 + 2)).push(encodeVarint(value.size));
    for (const part of value.parts) this.push(part);
    return this;
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  private push(part: Uint8Array): this {
    this.parts.push(part);
    this.size += part.length;
    return this;
  }
}

/** Base-128, least significant group first. Negative numbers take ten bytes (two's complement of 64 bits). */
function encodeVarint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const group = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? group : group | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
