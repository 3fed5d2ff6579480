"""Korean particles by the last sound of what stands before them: a catalogue writes both, a reader sees one.

    particles("bf16은(는) …") == "bf16은 …"        particles("14b은(는) …") == "14b는 …"

A Hangul syllable shows its last sound; digits and letters are taken as they are read aloud, a name by how it ends.
"""

# what a catalogue writes: (after a consonant, after a vowel)
PAIRS = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)라": ("이라", "라"),
}
DIGITS = "013678"  # 영, 일, 삼, 육, 칠, 팔: these end in a consonant
LIQUID = "178lL"  # what ends in ㄹ takes 로
VOWELS = "aeiou"
QUOTES, PASSED = "'\"`’”", ")]}… "  # what is not read
FIRST, SOUNDS, RIEUL = 0xAC00, 28, 8  # of Hangul syllables: the first, their final sounds, and ㄹ of these


def particles(text: str) -> str:
    """The text with one of each pair."""
    if "(" not in text:
        return text
    for pair, (closed, open_) in PAIRS.items():
        place = text.find(pair)
        while place >= 0:
            before = _read(text[:place])
            liquid = pair == "(으)로" and _liquid(before)
            word = closed if _closed(before) and not liquid else open_
            text = text[:place] + word + text[place + len(pair) :]
            place = text.find(pair, place + len(word))
    return text


def _read(text: str) -> str:
    """The text up to its last letter that is read aloud; what stands in brackets behind a word is not."""
    text = text.rstrip(QUOTES)
    while text.endswith(")") and "(" in text:
        text = text[: text.rindex("(")].rstrip()
    return text.rstrip(QUOTES + PASSED)


def _closed(text: str) -> bool:
    """Whether what is read ends in a consonant."""
    end = text[-1:]
    if "가" <= end <= "힣":
        return (ord(end) - FIRST) % SOUNDS > 0
    if end.isdigit():
        return end in DIGITS
    word = text[-4:].casefold()
    if word.endswith("e"):  # pipeline, module
        return word[-2:-1] in "lmn" and word[-3:-2] in VOWELS and len(word) > 2
    return word.endswith(("l", "m", "n", "ng", "ck", "op", "up", "ap", "ip"))


def _liquid(text: str) -> bool:
    """Whether it ends in ㄹ."""
    end = text[-1:]
    if "가" <= end <= "힣":
        return (ord(end) - FIRST) % SOUNDS == RIEUL
    return end in LIQUID
