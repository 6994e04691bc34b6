"""Statuses in Latin letters, read word by word.

Every word has classes (``statuses.toml``); a word without one makes the phrase unknown. What a word does depends on its
neighbours: a negation turns the next word, "requested" or "declined" belongs to the refund beside it. Each part of a
phrase then has a meaning, and the gravest counts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

from shijin.collect.status_words import NEUTRAL, UNKNOWN, WORDS, gravest

_CLASSES = {name: frozenset(words.split()) for name, words in WORDS["latin"].items()}
_MERGED = [(f" {words} ", f" {word} ") for words, word in WORDS["merged"].items()]
_KNOWN = frozenset().union(*_CLASSES.values())
_SEPARATOR = "|"  # between clauses: a cancellation behind it is not one of the refund before it
_CANCELLATIONS = _CLASSES["cancellation"]
_SHORTEST = 4  # letters of a word within a compound
_NOT_YET = frozenset({"progress", "waiting", "bad", "void", "closed"})
_ACROSS = frozenset({"progress", "waiting", "bad", "refund_noun"})  # "Refund: pending", "Return/Refund requested"
_OF_A_REFUND = _NOT_YET | {"filler", "done", "payment", "person", "refund_noun"}


@dataclass
class _Phrase:
    """The words of a status with their classes; `parts` are the meanings of its parts."""

    words: list[str]
    classes: list[frozenset[str]]
    parts: list[str] = field(default_factory=list)
    bound: set[int] = field(default_factory=set)

    def free(self, *names: str) -> list[int]:
        """The places of words with one of these classes that no other word has bound."""
        return [place for place, of_word in enumerate(self.classes) if place not in self.bound and of_word & set(names)]

    def has(self, *names: str) -> bool:
        """Whether there is a free word with one of these classes."""
        return bool(self.free(*names))

    def next_word(self, place: int, step: int) -> int | None:
        """The place of the next word that is no filler and in the same clause."""
        place += step
        while 0 <= place < len(self.words) and "filler" in self.classes[place]:
            place += step
        inside = 0 <= place < len(self.words) and self.words[place] != _SEPARATOR
        return place if inside else None

    def run(self, place: int, step: int, names: frozenset[str]) -> list[int]:
        """The places of the words of these classes that follow each other from a word on."""
        places: list[int] = []
        place += step
        while 0 <= place < len(self.words):
            if self.words[place] == _SEPARATOR:
                after = self.next_word(place, step) if step > 0 else None
                if after is None or not self.classes[after] & _ACROSS:
                    break
            elif not self.classes[place] & names:
                break
            else:
                places.append(place)
            place += step
        return places

    def has_not_happened(self, places: list[int]) -> bool:
        """Whether the last of these words that decides says "requested" or "declined", rather than "approved"."""
        deciding = [self.classes[place] for place in places if self.classes[place] & (_NOT_YET | {"done"})]
        return bool(deciding) and bool(deciding[-1] & _NOT_YET)


def latin_meaning(text: str) -> str | None:
    """What a phrase in Latin letters means; `NEUTRAL` where it says nothing against a sale, None where unknown.

    Examples
    --------
    >>> [latin_meaning(text) for text in ("partially refunded", "Refund declined", "Cancelled, refund pending")]
    ['neutral', 'neutral', 'void']
    >>> [latin_meaning(text) for text in ("Paid, not shipped", "Payment not received", "Not fulfilled", "bounced")]
    ['sale', 'unpaid', 'neutral', None]
    """
    words = _words(text)
    if not words:
        return None
    classes = [_classes(word) for word in words]
    if not all(classes):
        return None
    phrase = _Phrase(words, classes)
    for read in (_read_negations, _read_refunds, _read_disputes, _read_voids, _read_payment):
        read(phrase)
    meaning = gravest(phrase.parts)
    return None if meaning == UNKNOWN else meaning


def _words(text: str) -> list[str]:
    """The words without accents; empty where the text has letters of another script or numbers other than a code."""
    text = re.sub(r"\b100\s*%", "full", text)
    text = re.sub(r"\b\d{1,2}\s*%", "partial", text)
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    text = re.sub(r"n['’`]t\b", " not", text.casefold()).replace("'", "").replace("’", "")
    text = re.sub(r"(?<=[\s_])[-–—](?=[\s_])|--+|[/,;&+|()\[\]]|—", f" {_SEPARATOR} ", text)
    words = re.split(r"[\s\-_.:=!?*#\"–→>]+", text)
    words = [part for word in words if word for part in ([word] if word in _KNOWN else _compound(word) or [word])]
    line = f" {' '.join(words)} "
    for several, one in _MERGED:
        line = line.replace(several, one)
    return line.strip(f" {_SEPARATOR}").split()


@cache
def _compound(word: str) -> list[str] | None:
    """The known words that a word consists of: ``partiallyshipped``, ``notpaid``."""
    if word in _KNOWN:
        return [word]
    for cut in range(len(word) - _SHORTEST, 2, -1):
        head, tail = word[:cut], word[cut:]
        if head in _KNOWN and (cut >= _SHORTEST or head in _CLASSES["negation"]) and (rest := _compound(tail)):
            return [head, *rest]
    return None


@cache
def _classes(word: str) -> frozenset[str]:
    if word == _SEPARATOR:
        return frozenset({"separator"})
    return frozenset(name for name, members in _CLASSES.items() if word in members)


def _read_negations(phrase: _Phrase) -> None:
    for place in phrase.free("negation"):
        phrase.bound.add(place)
        target = phrase.next_word(place, 1)
        if target is None:
            phrase.parts.append(UNKNOWN)
            continue
        phrase.bound.add(target)
        before = phrase.next_word(place, -1)
        if before is not None and (
            "refund_noun" in phrase.classes[before] or phrase.words[before] in _CANCELLATIONS
        ):  # a refund that is not approved
            phrase.bound.add(before)
            phrase.parts.append(NEUTRAL)
        else:
            phrase.parts.append(_negated(phrase, target))


def _negated(phrase: _Phrase, target: int) -> str:
    """What "not" with this word means."""
    of_word, word = phrase.classes[target], phrase.words[target]
    if of_word & {"refund_noun", "refund_done", "refund_begun"}:
        phrase.bound.update(phrase.run(target, 1, _OF_A_REFUND))
        return NEUTRAL
    if of_word & {"void", "fulfilment"}:
        return NEUTRAL
    if of_word & {"proof", "payment"}:
        phrase.bound.update(phrase.run(target, 1, frozenset({"done", "filler"})))
        return "unpaid"
    if "partial" in of_word:  # not fully, not partly: what follows decides nothing
        return UNKNOWN
    if of_word & {"progress", "waiting"} and phrase.has("fulfilment"):
        return NEUTRAL
    if "done" not in of_word:
        return UNKNOWN
    if phrase.has("payment"):
        return "unpaid"
    if phrase.has("fulfilment", "proof"):
        return NEUTRAL
    if word in ("success", "successful", "successfully", "erfolgreich", "valid"):
        return "void"
    return UNKNOWN if word in ("received", "ready", "progress") else "unpaid"


def _read_refunds(phrase: _Phrase) -> None:
    for place in phrase.free("refund_noun", "refund_done", "refund_begun"):
        if place in phrase.bound:
            continue
        phrase.bound.add(place)
        phrase.parts.append(_refund(phrase, place))


def _refund(phrase: _Phrase, place: int) -> str:
    """Whether what was paid went back."""
    beside = [phrase.next_word(place, -1), phrase.next_word(place, 1)]
    partial = [at for at in beside if at is not None and "partial" in phrase.classes[at]]
    if partial or "refund_begun" in phrase.classes[place]:
        phrase.bound.update(partial)
        return NEUTRAL
    if "refund_done" in phrase.classes[place]:
        before = phrase.run(place, -1, frozenset({"waiting", "progress", "filler"}))
        begun = [at for at in before if phrase.classes[at] & {"waiting", "progress"}]
        begun += [at for at in before[:1] if phrase.words[at] in ("be", "being")]
        phrase.bound.update(begun)
        return NEUTRAL if begun else "refunded"
    after = phrase.run(place, 1, _OF_A_REFUND)
    before = [] if after else phrase.run(place, -1, frozenset({"waiting", "progress", "bad", "filler"}))
    phrase.bound.update(after + before)
    if phrase.has_not_happened(before + after):
        return UNKNOWN if "chargeback" in phrase.words[place] else NEUTRAL
    following = phrase.next_word(place, 1)
    on_the_way = following is not None and following not in after and "fulfilment" in phrase.classes[following]
    return NEUTRAL if on_the_way and phrase.words[place].startswith("ret") else "refunded"


def _read_disputes(phrase: _Phrase) -> None:
    for place in phrase.free("dispute"):
        phrase.bound.add(place)
        phrase.parts.append("sale" if phrase.has("closed") and "won" in phrase.words else UNKNOWN)


def _read_voids(phrase: _Phrase) -> None:
    delivery = phrase.has("fulfilment") and not phrase.has("payment")
    for place in phrase.free("void"):
        if place in phrase.bound:
            continue
        phrase.bound.add(place)
        phrase.parts.append(_void(phrase, place))
    for place in phrase.free("bad"):
        phrase.bound.add(place)
        rejected = phrase.words[place] in ("rejected", "refused") and phrase.has("person")
        # A delivery that failed was paid for.
        phrase.parts.append("refunded" if delivery and rejected else NEUTRAL if delivery else "void")


def _void(phrase: _Phrase, place: int) -> str:
    """Whether an order was cancelled; a cancellation that is requested or turned down has not happened."""
    beside = [at for at in (phrase.next_word(place, -1), phrase.next_word(place, 1)) if at is not None]
    partial = [at for at in beside if "partial" in phrase.classes[at]]
    if partial:
        phrase.bound.update(partial)
        return NEUTRAL
    if phrase.words[place] not in _CANCELLATIONS:
        return "void"
    after = phrase.run(place, 1, _OF_A_REFUND - {"void", "refund_noun"})
    before = [] if after else phrase.run(place, -1, frozenset({"waiting", "progress", "bad", "filler"}))
    phrase.bound.update(before + after)
    return NEUTRAL if phrase.has_not_happened(before + after) else "void"


def _read_payment(phrase: _Phrase) -> None:
    meaning = _payment(phrase)
    if meaning is not None:
        phrase.parts.append(meaning)


def _payment(phrase: _Phrase) -> str | None:
    """What the words about payment and delivery say; None where there are none."""
    finished = [at for at in phrase.free("done") if "progress" not in phrase.classes[at]]
    money = _money(phrase, is_finished=bool(finished))
    if money is not None:
        return money
    if phrase.has("fulfilment"):
        return "sale" if finished else NEUTRAL
    if phrase.has("waiting"):
        return "unpaid"
    if phrase.has("done"):
        return "sale"
    if phrase.has("closed") and not phrase.parts:
        return "refunded"  # Magento closes an order by a credit memo
    return NEUTRAL if phrase.has("partial") else None


def _money(phrase: _Phrase, *, is_finished: bool) -> str | None:
    """What the words about payment say."""
    if any(_is_awaited(phrase, place) for place in phrase.free("proof")):
        return "unpaid"
    proven = [at for at in phrase.free("proof") if "payment" not in phrase.classes[at]]  # "pago" is both
    if phrase.has("payment") and not proven:
        if phrase.has("waiting", "unpaid") or (phrase.has("progress") and not is_finished):
            return "unpaid"
        if is_finished or phrase.has("partial"):
            return "sale"
    if phrase.has("proof"):
        return "sale"
    return "unpaid" if phrase.has("unpaid") else None


def _is_awaited(phrase: _Phrase, place: int) -> bool:
    """Whether a payment is still to come: "to be paid", "awaiting cash on delivery"."""
    before = phrase.next_word(place, -1)
    if before is not None and phrase.classes[before] & {"waiting"}:
        return True
    words = phrase.words[max(place - 2, 0) : place]
    return words == ["to", "be"]
