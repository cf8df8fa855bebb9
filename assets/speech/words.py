#!/usr/bin/env python3
"""Running words for catena_words, from texts in the corpus's document format.

    words.py [--never TRANSCRIPTS.tsv ...] TEXT... > words.txt

TEXT: plain or .xz; documents begin with a line "<|file|>NAME" and end with "<|end|>", or are dialogues of "<|user|> ..." and
"<|assistant|> ..." lines. Out comes a line a document: lower-case words, and # for what is not said as it is written (numbers, code).
--never: tables with a column "transcript"; documents that share seven words in a row with one of them are left out, so that nothing that is
evaluated on has been read.
"""
import argparse
import csv
import lzma
import re
import sys

RUN = 7
WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
SPOKEN = re.compile(rf"[^\w]*{WORD.pattern}(?:[-\u2014\u2013.,;:!?\"]+{WORD.pattern})*[^\w]*")


def words_of(text):
    result = []
    for token in text.lower().replace("\u2019", "'").split():
        if SPOKEN.fullmatch(token):
            result += WORD.findall(token)
        elif any(c.isalnum() for c in token):
            result.append("#")
    return result


def documents(path):
    lines = []
    opened = lzma.open(path, "rt", encoding="utf-8", errors="replace") if path.endswith(".xz") else open(path, encoding="utf-8", errors="replace")
    with opened as file:
        for line in file:
            if line.startswith("<|file|>"):
                lines = []
            elif line.startswith("<|end|>"):
                yield "".join(lines)
                lines = []
            else:
                lines.append(re.sub(r"^<\|(user|assistant)\|>", "", line))


def runs_of(words):
    return (tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--never", nargs="*", default=[])
    parser.add_argument("texts", nargs="+")
    arguments = parser.parse_args()
    never = set()
    for table in arguments.never:
        with open(table, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                never.update(runs_of(row["transcript"].lower().split()))
    left_out = 0
    for path in arguments.texts:
        for text in documents(path):
            words = words_of(text)
            if any(run in never for run in runs_of(words)):
                left_out += 1
            else:
                print(" ".join(words))
    print(f"{left_out} documents left out", file=sys.stderr)


if __name__ == "__main__":
    main()
