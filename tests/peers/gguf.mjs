// Writes GGUF files (llama.cpp's format, version 3) of models with random Q8_0 weights: speed does not depend on the values.
import {openSync, writeSync, closeSync} from 'node:fs';

const type = {u32: 4, f32: 6, string: 8, array: 9, i32: 5};
const alignment = 32;

class Bytes {
  parts = [];
  number(bytes, write) {
    const part = Buffer.alloc(bytes);
    write(part);
    this.parts.push(part);
  }
  u32(value) { this.number(4, part => part.writeUInt32LE(value)); }
  i32(value) { this.number(4, part => part.writeInt32LE(value)); }
  f32(value) { this.number(4, part => part.writeFloatLE(value)); }
  u64(value) { this.number(8, part => part.writeBigUInt64LE(BigInt(value))); }
  string(value) {
    const text = Buffer.from(value);
    this.u64(text.length);
    this.parts.push(text);
  }
  value(kind, value) { this[kind](value); }
  joined() { return Buffer.concat(this.parts); }
}

/// metadata: [key, kind, value], kind one of u32, f32, i32, string, or e.g. "string[]".
function header(metadata, tensors) {
  const out = new Bytes();
  out.parts.push(Buffer.from('GGUF'));
  out.u32(3);
  out.u64(tensors.length);
  out.u64(metadata.length);
  for (const [key, kind, value] of metadata) {
    out.string(key);
    if (kind.endsWith('[]')) {
      const element = kind.slice(0, -2);
      out.u32(type.array);
      out.u32(type[element]);
      out.u64(value.length);
      for (const one of value) out.value(element, one);
    } else {
      out.u32(type[kind]);
      out.value(kind, value);
    }
  }
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.u32(tensor.shape.length);
    for (const extent of tensor.shape) out.u64(extent);
    out.u32(tensor.bytes === 'q8_0' ? 8 : 0);
    out.u64(offset);
    offset += padded(size(tensor));
  }
  return out.joined();
}

const elements = tensor => tensor.shape.reduce((a, b) => a * b, 1);
const size = tensor => tensor.bytes === 'q8_0' ? elements(tensor) / 32 * 34 : elements(tensor) * 4;
const padded = bytes => Math.ceil(bytes / alignment) * alignment;

let seed = 1;
const random = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32;

/// Q8_0: blocks of 32 numbers, a 16-bit float scale and 32 signed bytes. The scale keeps activations near one.
function data(tensor) {
  const out = Buffer.alloc(padded(size(tensor)));
  if (tensor.bytes === 'q8_0') {
    const scale = 1.7 / Math.sqrt(tensor.shape[0]) / 127;
    for (let at = 0; at < size(tensor); at += 34) {
      out.writeUInt16LE(half(scale), at);
      for (let i = 0; i < 32; ++i) out.writeInt8(Math.floor(random() * 255) - 127, at + 2 + i);
    }
  } else {
    for (let i = 0; i < elements(tensor); ++i) out.writeFloatLE(tensor.value(i), 4 * i);
  }
  return out;
}

/// Of a normal positive number.
function half(value) {
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | Math.floor((value / 2 ** exponent - 1) * 1024);
}

function write(path, metadata, tensors) {
  const file = openSync(path, 'w');
  const head = header(metadata, tensors);
  writeSync(file, head);
  writeSync(file, Buffer.alloc(padded(head.length) - head.length));
  for (const tensor of tensors) writeSync(file, data(tensor));
  closeSync(file);
}

const matrix = (name, inputs, outputs) => ({name: name + '.weight', shape: [inputs, outputs], bytes: 'q8_0'});
const vector = (name, shape, value = () => 1) => ({name, shape, bytes: 'f32', value});

/// The smallest tokenizer that llama.cpp takes: control tokens, bytes, and names that never occur.
function tokenizer(vocab) {
  const tokens = ['<unk>', '<s>', '</s>'], kinds = [2, 3, 3];
  for (let byte = 0; byte < 256; ++byte) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    kinds.push(6);
  }
  while (tokens.length < vocab) {
    tokens.push(`token${tokens.length}`);
    kinds.push(1);
  }
  return [
    ['tokenizer.ggml.model', 'string', 'llama'], ['tokenizer.ggml.tokens', 'string[]', tokens],
    ['tokenizer.ggml.scores', 'f32[]', tokens.map((_, i) => -i)], ['tokenizer.ggml.token_type', 'i32[]', kinds],
    ['tokenizer.ggml.bos_token_id', 'u32', 1], ['tokenizer.ggml.eos_token_id', 'u32', 2]
  ];
}

/// A Llama of the given width, depth and heads whose feed-forward makes up `parameters`; output tied to the embedding.
/// Returns its parameter count.
export function writeLlama(path, {parameters, vocab, width, layers, heads, context}) {
  const rest = parameters - vocab * width - width - layers * (4 * width * width + 2 * width);
  const ffn = Math.round(rest / (3 * width * layers) / 32) * 32;
  const tensors = [matrix('token_embd', width, vocab), vector('output_norm.weight', [width])];
  for (let i = 0; i < layers; ++i) {
    const block = `blk.${i}.`;
    tensors.push(vector(block + 'attn_norm.weight', [width]), matrix(block + 'attn_q', width, width), matrix(block + 'attn_k', width, width),
                 matrix(block + 'attn_v', width, width), matrix(block + 'attn_output', width, width), vector(block + 'ffn_norm.weight', [width]),
                 matrix(block + 'ffn_gate', width, ffn), matrix(block + 'ffn_up', width, ffn), matrix(block + 'ffn_down', ffn, width));
  }
  const metadata = [
    ['general.architecture', 'string', 'llama'], ['general.name', 'string', 'random-llama'], ['llama.block_count', 'u32', layers],
    ['llama.context_length', 'u32', context], ['llama.embedding_length', 'u32', width], ['llama.feed_forward_length', 'u32', ffn],
    ['llama.attention.head_count', 'u32', heads], ['llama.attention.head_count_kv', 'u32', heads],
    ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5], ['llama.rope.dimension_count', 'u32', width / heads],
    ['llama.rope.freq_base', 'f32', 10000], ['llama.vocab_size', 'u32', vocab], ...tokenizer(vocab)
  ];
  write(path, metadata, tensors);
  return tensors.reduce((sum, tensor) => sum + elements(tensor), 0);
}

/// A Mamba of the given width (inner width twice that, 16 states a channel), as deep as comes nearest to `parameters`.
export function writeMamba(path, {parameters, vocab, width, context}) {
  const inner = 2 * width, states = 16, taps = 4, rank = Math.max(32, width / 16);
  const layer = i => {
    const block = `blk.${i}.`;
    return [
      vector(block + 'attn_norm.weight', [width]), matrix(block + 'ssm_in', width, 2 * inner),
      vector(block + 'ssm_conv1d.weight', [taps, inner], () => 0.25), vector(block + 'ssm_conv1d.bias', [inner], () => 0),
      matrix(block + 'ssm_x', inner, rank + 2 * states), matrix(block + 'ssm_dt', rank, inner), vector(block + 'ssm_dt.bias', [inner], () => -2),
      vector(block + 'ssm_a', [states, inner], j => -1 - j % states), vector(block + 'ssm_d', [inner]), matrix(block + 'ssm_out', inner, width)
    ];
  };
  const size = tensors => tensors.reduce((sum, tensor) => sum + elements(tensor), 0);
  const layers = Math.max(1, Math.round((parameters - vocab * width) / size(layer(0))));
  const tensors = [matrix('token_embd', width, vocab), vector('output_norm.weight', [width])];
  for (let i = 0; i < layers; ++i) tensors.push(...layer(i));
  const metadata = [
    ['general.architecture', 'string', 'mamba'], ['general.name', 'string', 'random-mamba'], ['mamba.block_count', 'u32', layers],
    ['mamba.context_length', 'u32', context], ['mamba.embedding_length', 'u32', width], ['mamba.feed_forward_length', 'u32', 0],
    ['mamba.attention.head_count', 'u32', 0], ['mamba.attention.layer_norm_rms_epsilon', 'f32', 1e-5], ['mamba.ssm.conv_kernel', 'u32', taps],
    ['mamba.ssm.inner_size', 'u32', inner], ['mamba.ssm.state_size', 'u32', states], ['mamba.ssm.time_step_rank', 'u32', rank],
    ['mamba.vocab_size', 'u32', vocab], ...tokenizer(vocab)
  ];
  write(path, metadata, tensors);
  return size(tensors);
}
