#!/usr/bin/env python3
"""Pronunciations for a reader that writes phones.

    lexicon.py DICTIONARY < words > lexicon.txt

words: one a line. DICTIONARY: CMUdict's form, "word PH PH ..." and "word(2) ..." for others, without stress; Debian's package
pocketsphinx-en-us brings one. Words that it lacks are pronounced by espeak-ng (package espeak-ng). Out comes "word<tab>phones", a phone a
letter, in the order of PHONES.
"""
import re
import subprocess
import sys

PHONES = ("AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH").split()
LETTER = dict(zip(PHONES, "abcdefghijklmnopqrstuvwxyz'0123456789+-"))

# espeak-ng's names of American English phonemes.
ESPEAK = {
    "aI@": "AY ER", "aU@": "AW ER", "aI3": "AY ER", "i@": "IY AH", "oU": "OW", "aI": "AY", "aU": "AW", "eI": "EY", "OI": "OY", "tS": "CH",
    "dZ": "JH", "I2": "IH", "I#": "IH", "a#": "AH", "0#": "AA", "3:": "ER", "A:": "AA", "A@": "AA R", "O@": "AO R", "o@": "AO R",
    "e@": "EH R", "U@": "UH R", "i:": "IY", "u:": "UW", "O:": "AO", "@L": "AH L", "@5": "OW", "@2": "AH", "aa": "AE", "E2": "EH",
    "i": "IY", "u": "UW", "I": "IH", "E": "EH", "a": "AE", "0": "AA", "A": "AA", "V": "AH", "U": "UH", "@": "AH", "3": "ER", "O": "AO",
    "o": "OW", "e": "EY", "T": "TH", "D": "DH", "S": "SH", "Z": "ZH", "N": "NG", "C": "K", "t2": "T", "t#": "T", "j": "Y", "h": "HH",
    "x": "K", "r": "R", "l": "L", "L": "L", "?": "", "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "f": "F", "v": "V",
    "s": "S", "z": "Z", "m": "M", "n": "N", "w": "W",
}  # fmt: skip
NAMES = sorted(ESPEAK, key=len, reverse=True)


def letters(phones):
    return "".join(LETTER[phone] for phone in phones)


def read_dictionary(path):
    found = {}
    for line in open(path, encoding="utf-8"):
        word, *phones = line.split()
        word = word.split("(")[0]
        if re.fullmatch("[a-z']+", word) and all(phone in LETTER for phone in phones):
            found.setdefault(word, []).append(letters(phones))
    return found


def spoken(word):
    """By espeak-ng; None when it names a phoneme that is not known here."""
    names = subprocess.run(["espeak-ng", "-v", "en-us", "-q", "-x", word], text=True, capture_output=True, check=True).stdout
    names = re.sub(r"[',%=_|;\s\-!*~]", "", names)
    phones, at = [], 0
    while at < len(names):
        name = next((n for n in NAMES if names.startswith(n, at)), None)
        if name is None and names[at] not in ":2#":
            return None
        phones += ESPEAK[name].split() if name else []
        at += len(name) if name else 1
    return letters(phones) or None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    known = read_dictionary(sys.argv[1])
    for word in filter(None, map(str.strip, sys.stdin)):
        extra = None if word in known else spoken(word)
        for pronunciation in dict.fromkeys(known.get(word, [extra] if extra else [])):
            print(f"{word}\t{pronunciation}")


if __name__ == "__main__":
    main()
