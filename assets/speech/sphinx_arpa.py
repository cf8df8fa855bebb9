#!/usr/bin/env python3
"""A language model in CMU Sphinx's binary trie format as ARPA text, for catena_words --mix.

    sphinx_arpa.py en-us.lm.bin > en-us.arpa

Debian's package pocketsphinx-en-us brings one (trigrams; BSD-2-Clause). Its own converter, sphinx_lm_convert 5prealpha, stops at an assertion.
The n-grams of a trie are stored by their last word first. Needs about 1 GB of memory.
"""
import struct
import sys
from array import array

HEADER = b"Trie Language Model"
LOG10_OF_BASE = 4.3427276862669634e-05  # of sphinx's logarithms: log10(1.0001)
BINS = 1 << 16


def read_bits(data, bit, count):
    word = int.from_bytes(data[bit >> 3 : (bit >> 3) + 8], "little")
    return (word >> (bit & 7)) & ((1 << count) - 1)


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(HEADER):
        sys.exit(f"{path}: is no model in sphinx's trie format")
    at = len(HEADER)
    order = data[at]
    at += 1
    if order != 3:
        sys.exit(f"{path}: has n-grams of {order} words, 3 are expected")
    counts = struct.unpack_from("<3I", data, at)
    at += 12 + 4  # and the kind of quantisation

    def floats(count):
        nonlocal at
        values = array("f", data[at : at + 4 * count])
        at += 4 * count
        return values

    bigram_bins, backoff_bins, trigram_bins = floats(BINS), floats(BINS), floats(BINS)
    unigrams = list(struct.iter_unpack("<ffI", data[at : at + 12 * (counts[0] + 1)]))
    at += 12 * (counts[0] + 1)
    word_bits, next_bits = counts[0].bit_length(), counts[2].bit_length()
    bigram_bits, trigram_bits = word_bits + 32 + next_bits, word_bits + 16
    bigrams_at = at
    at += ((1 + counts[1]) * bigram_bits + 7) // 8 + 8
    trigrams_at = at
    at += ((1 + counts[2]) * trigram_bits + 7) // 8 + 8
    at += 4  # bytes of the words
    words = [w.decode() for w in data[at:].split(b"\0")[: counts[0]]]

    def bigram(i):
        bit = 8 * bigrams_at + i * bigram_bits
        word = read_bits(data, bit, word_bits)
        bins = read_bits(data, bit + word_bits, 32)
        return word, bigram_bins[bins >> 16], backoff_bins[bins & 0xFFFF], read_bits(data, bit + word_bits + 32, next_bits)

    def log10(value):
        return f"{value * LOG10_OF_BASE:.4f}"

    out = sys.stdout
    out.write("\\data\\\n" + "".join(f"ngram {n + 1}={c}\n" for n, c in enumerate(counts)) + "\n\\1-grams:\n")
    for (p, backoff, _), word in zip(unigrams, words):
        out.write(f"{log10(p)}\t{word}\t{log10(backoff)}\n")
    out.write("\n\\2-grams:\n")
    for last in range(counts[0]):
        for i in range(unigrams[last][2], unigrams[last + 1][2]):
            first, p, backoff, _ = bigram(i)
            out.write(f"{log10(p)}\t{words[first]} {words[last]}\t{log10(backoff)}\n")
    out.write("\n\\3-grams:\n")
    for last in range(counts[0]):
        for i in range(unigrams[last][2], unigrams[last + 1][2]):
            middle, begin, end = *bigram(i)[::3], bigram(i + 1)[3]
            for j in range(begin, end):
                bit = 8 * trigrams_at + j * trigram_bits
                first = read_bits(data, bit, word_bits)
                p = trigram_bins[read_bits(data, bit + word_bits, 16)]
                out.write(f"{log10(p)}\t{words[first]} {words[middle]} {words[last]}\n")
    out.write("\n\\end\\\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
