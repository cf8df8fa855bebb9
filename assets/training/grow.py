#!/usr/bin/env python3
"""Makes the weights of a larger model that computes what the given one does, for "initial_weights" to go on from.

    assets/training/grow.py depth SMALL/model.safetensors large.safetensors
    assets/training/grow.py convolutions SMALL/model.safetensors large.safetensors [--taps 4]
    assets/training/grow.py attention SMALL/model.safetensors large.safetensors

depth: behind each pair of layers (chain, local) comes a copy of it whose two output projections are zero, so that it adds
nothing until it has learnt to (block expansion: Wu et al. 2024, "LLaMA Pro").
convolutions: local layers get a convolution ("local_taps") of zeros.
attention: memory layers attend to the local layer below ("shared_attention"), with that layer's own queries to begin with and
an output projection of zeros.
"""
import argparse
import json
import os
import re
import struct
import sys


def read(path):
    """Name -> (header entry, bytes)."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        if size > os.path.getsize(path):
            raise ValueError
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (entry, data[entry["data_offsets"][0] : entry["data_offsets"][1]]) for name, entry in header.items()}


def deeper(tensors):
    layer = re.compile(r"layers\.(\d+)\.(.*)")
    result = {}
    for name, (entry, data) in tensors.items():
        match = layer.fullmatch(name)
        if match is None:
            result[name] = (entry, data)
            continue
        index, rest = int(match[1]), match[2]
        first = index // 2 * 4 + index % 2
        result[f"layers.{first}.{rest}"] = (entry, data)
        adds = rest in ("mixer.out.weight", "ffn.out.weight")
        result[f"layers.{first + 2}.{rest}"] = (entry, bytes(len(data)) if adds else data)
    return result


def convolved(tensors, taps):
    result = {}
    for name, (entry, data) in tensors.items():
        result[name] = (entry, data)
        match = re.fullmatch(r"(layers\.\d*[13579]\.mixer\.)in\.weight", name)
        if match:
            channels, inputs = entry["shape"]
            size = len(data) // (channels * inputs)  # bytes of a number
            result[match[1] + "local_conv.weight"] = ({**entry, "shape": [channels, taps]}, bytes(size * channels * taps))
    return result


def write(path, tensors):
    header, offset = {}, 0
    for name, (entry, data) in tensors.items():
        header[name] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, data in tensors.values():
            file.write(data)


def attending(tensors):
    result = dict(tensors)
    for name, (entry, data) in tensors.items():
        memory = re.fullmatch(r"layers\.(\d+)\.mixer\.out_norm\.weight", name)
        if memory is None or memory[1] == "0":
            continue
        below, queries = tensors[f"layers.{int(memory[1]) - 1}.mixer.in.weight"]
        rows, columns = below["shape"]
        square = {"dtype": below["dtype"], "shape": [rows // 3, columns]}
        mixer = f"layers.{memory[1]}.mixer."
        result[mixer + "query.weight"] = (square, queries[: len(queries) // 3])
        result[mixer + "attention_out.weight"] = (dict(square), bytes(len(queries) // 3))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["depth", "convolutions", "attention"])
    parser.add_argument("small")
    parser.add_argument("large")
    parser.add_argument("--taps", type=int, default=4)
    arguments = parser.parse_args()
    try:
        tensors = read(arguments.small)
        grown = {
            "depth": deeper,
            "convolutions": lambda small: convolved(small, arguments.taps),
            "attention": attending,
        }[arguments.what](tensors)
        if grown.keys() == tensors.keys():
            sys.exit(f"{arguments.small}: has no layer that would get more by '{arguments.what}'")
        write(arguments.large, grown)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except (ValueError, struct.error, KeyError, TypeError):
        sys.exit(f"{arguments.small}: is not a safetensors file")


if __name__ == "__main__":
    main()
