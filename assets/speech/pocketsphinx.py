#!/usr/bin/env python3
"""Word error rate of pocketsphinx with its stock English model, on the recordings that `catena eval speech` is measured on.

    pocketsphinx.py MANIFEST.tsv FOLDER [--corpus NAME]

Wants Debian's packages pocketsphinx, pocketsphinx-en-us and sndfile-programs.
"""
import argparse
import collections
import csv
import pathlib
import re
import subprocess
import tempfile

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")


def errors(said, read):
    row = list(range(len(read) + 1))
    for i, a in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(read, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--corpus", help="only this one")
    arguments = parser.parse_args()
    with open(arguments.manifest, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if arguments.corpus in (None, row["corpus"])]
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        for i, row in enumerate(rows):
            subprocess.run(["sndfile-convert", "-pcm16", arguments.folder / row["file"], place / f"{i}.wav"], check=True, stdout=subprocess.DEVNULL)
        (place / "list").write_text("".join(f"{i}\n" for i in range(len(rows))))
        subprocess.run(
            ["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-lm", MODEL / "en-us.lm.bin", "-dict", MODEL / "cmudict-en-us.dict", "-adcin", "yes",
             "-adchdr", "44", "-cepdir", place, "-cepext", ".wav", "-ctl", place / "list", "-hyp", place / "hyp", "-logfn", "/dev/null"],
            check=True,
        )  # fmt: skip
        wrong, length = collections.Counter(), collections.Counter()
        for line in (place / "hyp").read_text().splitlines():
            text, number = re.fullmatch(r"(.*)\((\d+) -?\d+\)", line).groups()
            row = rows[int(number)]
            said, read = row["transcript"].lower().split(), re.sub(r"\(\d+\)", "", text).split()
            wrong[row["corpus"]] += errors(said, read)
            length[row["corpus"]] += len(said)
        for corpus in length:
            print(f"{corpus:<36} words wrong {100 * wrong[corpus] / length[corpus]:6.2f} %  of {length[corpus]}")


if __name__ == "__main__":
    main()
