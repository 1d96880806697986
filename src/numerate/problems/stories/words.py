"""Nouns and names. What is called held never occurs in `train`, `validation`, `test` and `test-longer`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that is counted: apples, kilometers, or money."""

    singular: str
    many: str
    money: bool = False

    def amount(self, n: str) -> str:
        return f"${n}" if self.money else f"{n} {self.singular if n == '1' else self.many}"

    def more(self, n: str, word: str = "more") -> str:
        return f"${n} {word}" if self.money else f"{n} {word} {self.many}"

    def fewer(self, n: str) -> str:
        return self.more(n, "less" if self.money else "fewer")


MONEY = Noun("dollar", "dollars", money=True)


def nouns(text: str) -> tuple[Noun, ...]:
    """Reads "apple pear bush/bushes": plurals with s unless given after a slash; _ is a blank."""
    made: list[Noun] = []
    for word in text.split():
        singular, _, many = word.replace("_", " ").partition("/")
        made.append(Noun(singular, many or singular + "s"))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone or something that acts: a person, a group, or an institution."""

    name: str
    he: str
    him: str
    his: str

    @property
    def possessive(self) -> str:
        return self.name + ("'" if self.name.endswith("s") else "'s")


def _people(she: str, he: str) -> tuple[Person, ...]:
    women = tuple(Person(name, "she", "her", "her") for name in she.split())
    return women + tuple(Person(name, "he", "him", "his") for name in he.split())


PEOPLE = _people(
    "Mia Anna Emma Lily Sara Nora Ella Ruth Rosa Lucy Zoe Eva Nina Clara Maya Alice Julia Laura Hannah Sofia "
    "Amy Jane Kate Olivia Grace Leah Molly Ivy Diana Elena",
    "Tom Ben Leo Max Sam Jack Noah Adam Luke Paul Omar Ali Ivan Hugo Owen Peter David Daniel Oscar Simon "
    "Mark John Felix Henry Eric Victor Marco Liam Jacob Ryan",
)
HELD_PEOPLE = _people(
    "Priya Ingrid Fatima Yuki Chloe Bianca Tessa Wanda Gloria Harriet",
    "Kofi Diego Rajesh Finn Gustav Malik Terry Walter Quentin Boris",
)
NUMBERS = {2: "two", 3: "three", 4: "four"}


def group(names: list[str], listed: bool) -> Person:
    """Returns several people as one owner: "Mia and Tom" or "the two friends"."""
    name = listing(names) if listed and len(names) == 2 else f"the {NUMBERS[len(names)]} friends"
    return Person(name, "they", "them", "their")


def listing(names: list[str]) -> str:
    """Returns "Mia, Tom and Ben"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
