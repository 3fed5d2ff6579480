"""How the field spells what the catalogue has: file names, repositories of the hub, number formats, attention kernels.

    recognised("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors")   # wan2.2-t2v-a14b
    precision("Q4_K_M"), attention("_flash_3_hub")                   # "gguf-q4_k", "flash3"

A name is taken for a model that all words of one of its ids, titles or aliases stand in; of several the one with most
words. Words that are left over and say more than how a file is stored are told with the answer.
"""

import re
from collections.abc import Iterable
from functools import cache

import msgspec

from vidcalc.catalog import load

WORD = re.compile(r"[a-z]*\d+(?:\.\d+)+[a-z]*|[a-z0-9+]+")
DIGITS = re.compile(r"(?<=[-_]\d)_(?=\d(?!\d))|(?<=[a-z]\d)_(?=\d(?:[-_ .]|$))")  # "-1_3b", "wan2_1"
GLUED = re.compile(r"^([a-z]{3,})(\d+(?:\.\d+)*)$")  # "wan2.1", "cogvideox1.5"
LETTERS = 8  # of which all must be there: shorter names are too often part of others


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a name was taken for.

    models  of the catalogue that fit equally well: one, where it is clear
    beside  words of the name that this does not explain
    """

    models: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def model(self) -> str:
        """The model, "" where several fit."""
        return self.models[0] if len(self.models) == 1 else ""


def recognised(name: str, among: Iterable[str] | None = None) -> Recognised | None:
    """The model that a file's or a repository's name speaks of; `among` those of the catalogue. None for no model's."""
    said, version = words(name), _versions(_plain(name))
    allowed = None if among is None else set(among)
    found: list[tuple[int, int, str, frozenset[str]]] = []
    for model, spellings in _models().items():
        if (allowed is not None and model not in allowed) or _differs(version, model):
            continue
        fitting = [each for each in spellings if each <= said]
        if fitting:
            best = max(fitting, key=len)
            all_words = frozenset().union(*spellings)
            found.append((len(best), -len(said - all_words), model, all_words))
    if not found:
        return None
    top = max(each[:2] for each in found)
    best_of = [each for each in found if each[:2] == top]
    left = said - frozenset().union(*(each[3] for each in best_of)) - _unsaid()
    return Recognised(
        models=tuple(each[2] for each in best_of), beside=tuple(word for word in _order(name) if word in left)
    )


def in_common(name: str, model: str) -> int:
    """How many words a name has in common with the nearest name of a model."""
    said = words(name)
    return max(len(each & said) for each in _models()[model])


def same(name: str) -> str:
    """The model whose whole name that is, words in any order, an owner before it left out; "" for none."""
    said = words(name.rpartition("/")[2]) - {"diffusers", "hf"}
    found = [model for model, spellings in _models().items() if said in spellings]
    return found[0] if len(found) == 1 else ""


def begun(name: str) -> list[str]:
    """The models one of whose names has all words of this one, an owner before it left out; none for one letter."""
    said = words(name.rpartition("/")[2]) - {"diffusers", "hf"}
    if not any(len(word) > 1 for word in said):
        return []
    fewest = {
        model: min((len(each) for each in spelt if said <= each), default=0) for model, spelt in _models().items()
    }
    found = sorted((model for model, count in fewest.items() if count), key=lambda model: (fewest[model], model))
    # HuMo 1.7B and HuMo 17B are one to whoever leaves points out
    twins = {each: [other for other in load.names("models") if load.plain(other) == load.plain(each)] for each in found}
    return list(dict.fromkeys(other for each in found for other in (each, *twins[each])))


def meant(name: str) -> list[str]:
    """The models one of whose names has a word that begins with each word of this one, the first of them the first
    ("hunyuan-i2v", "cogvideo"); numbers are whole words. None for one letter."""
    said = _order(name.rpartition("/")[2])
    if not said or len(said[0]) < 2:
        return []

    def fits(spelling: frozenset[str]) -> bool:
        return all(any(_begins(each, word) for each in spelling) for word in said)

    found = {
        model: min(map(len, fitting))
        for model, spelt in _models().items()
        if model.startswith(said[0]) and (fitting := [each for each in spelt if fits(each)])
    }
    return sorted(found, key=lambda model: (found[model], model))


def suggested(name: str, close: str | None) -> list[str]:
    """What may have been meant by a name of no model, the likeliest first; none without words of any.

    close  the model that is spelled most like it: the likeliest, unless another has all that its words say and more,
           or what it is for ("i2v") where this one is for something else
    """
    near, said = alike(name), words(name.rpartition("/")[2])
    if not near or close is None:
        return near
    mine, theirs = _common(close, said), _common(near[0], said)
    if theirs > mine or (theirs & _tasks() and not mine & _tasks()):
        return near
    return [close, *(model for model in near if model != close)]


def alike(name: str, most: int = 8) -> list[str]:
    """The models that have most words in common with a name, those of the same task first; none without any."""
    said = words(name.rpartition("/")[2])

    def score(model: str) -> float:
        common = _common(model, said)
        # what a model is for counts more than its size
        return len(common) + len(common & _tasks()) if common - _unsaid() else 0

    best = max(map(score, _models()), default=0)
    if best < 2:
        return []
    found = [model for model in _models() if score(model) == best]
    return sorted(found, key=lambda model: (min(len(each ^ said) for each in _models()[model]), model))[:most]


def _common(model: str, said: frozenset[str]) -> frozenset[str]:
    """The words of the model's name that has most of those."""
    return max((each & said for each in _models()[model]), key=len)


@cache
def _tasks() -> frozenset[str]:
    """What models are for: "t2v", "i2v" ..."""
    return frozenset(str(load.entry("models", model).get("task", "t2v")) for model in _models())


def _begins(word: str, beginning: str) -> bool:
    """Whether a word is that, or begins so: numbers such as "14b" are whole."""
    return word == beginning or (not beginning[:1].isdigit() and word.startswith(beginning))


def precision(word: str) -> str:
    """The number format that a word stands for, as the catalogue names it; the word itself where it is no spelling."""
    return _spelled("precision", word)


def attention(word: str) -> str:
    """The same, of attention kernels."""
    return _spelled("attention", word)


def precision_of(name: str) -> str:
    """The number format that a file's name speaks of; "" where it names none."""
    table = load.table("spellings")["precision"]
    plain = re.sub(r"[-. ]", "_", name.casefold())
    known = sorted({*table, *load.table("precisions")}, key=len, reverse=True)
    for word in known:
        if re.search(rf"(?<![a-z0-9]){re.escape(word.replace('-', '_'))}(?![a-z0-9])", plain):
            return precision(word)
    return ""


def words(name: str) -> frozenset[str]:
    """The words of a name: letters and numbers, without dots, and without what an ending says."""
    return frozenset(_order(name))


def _plain(name: str) -> list[str]:
    """The words of a name as they are written, numbers with the word that they stand behind."""
    plain = name.casefold().replace("\\", "/").rpartition("/")[2]
    plain = re.sub(r"\.(safetensors|gguf|json|pth|pt|bin|ckpt|yaml|yml)$", "", plain)
    plain = DIGITS.sub(".", plain).replace("_", "-")
    for apart, together in load.table("spellings")["names"]["joined"].items():
        plain = plain.replace(apart, together)
    return WORD.findall(plain)


def _versions(plain: Iterable[str]) -> frozenset[tuple[str, str]]:
    """What stands with which number behind it: "wan2.2"; numbers of one digit may be spelled without their point."""
    glued = [found.groups() for word in plain if word not in _unsaid() and (found := GLUED.match(word))]
    return frozenset((stem, number.replace(".", "")) for stem, number in glued)


def _differs(said: frozenset[tuple[str, str]], model: str) -> bool:
    """Whether a name says another version than a model is: Wan 2.2 is no Wan 2.1, HunyuanVideo 1.5 no HunyuanVideo."""
    released = _released()
    mine = released[model]
    stems = {stem for stem, _number in mine}
    first = _plain(model)[0]  # named without a number: the first version, where there are further ones
    later = {each for each in frozenset().union(*released.values()) if each[0] == first} if first not in stems else ()
    return any((stem in stems and (stem, number) not in mine) or (stem, number) in later for stem, number in said)


@cache
def _released() -> dict[str, frozenset[tuple[str, str]]]:
    """The versions that each model's names have."""
    return {model: _versions(word for each in spelt for word in _plain(each)) for model, spelt in _spellings().items()}


def _order(name: str) -> list[str]:
    found: list[str] = []
    for word in _plain(name):
        glued = GLUED.match(word)
        pieces = glued.groups() if glued and word not in _unsaid() else (word,)
        found += [piece.replace(".", "") for piece in pieces]
    return found


def _spelled(table: str, word: str) -> str:
    spellings: dict[str, str] = load.table("spellings")[table]
    plain = word.strip().casefold()
    for each in (plain, plain.replace("-", "_"), plain.replace("_", "-")):
        if each in spellings:
            return spellings[each]
    return word


@cache
def _models() -> dict[str, list[frozenset[str]]]:
    """The words of each name of each model."""
    return {model: list(dict.fromkeys(words(each) for each in spelt)) for model, spelt in _spellings().items()}


@cache
def _spellings() -> dict[str, list[str]]:
    """The names of each model, what stands in brackets left out."""
    names: dict[str, list[str]] = {}
    for plain, model in load.aliases("models").items():
        if len(plain) >= LETTERS or plain == load.plain(model):
            names.setdefault(model, [])
    for model in names:
        facts = load.entry("models", model)
        stated = (model, facts["title"], *facts.get("aliases", ()))
        names[model] = [re.sub(r"\(.*?\)", "", each) for each in stated]
    return names


@cache
def _unsaid() -> frozenset[str]:
    return frozenset(load.table("spellings")["names"]["beside"])
