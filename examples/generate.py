"""Make the sample: posts of a small gardening community, a journal, and the truth about both.

    python -m examples.generate [--seed 7] [--out examples]

The same seed always gives the same bytes. Both texts hold one planted shift: in the posts an
outage turns joy into anger, in the journal a new job turns sadness into joy.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from examples import journal_sentences, sentences

SEED = 7
FIRST_DAY = date(2025, 3, 3)  # a Monday
N_DAYS = 120
#: 0-based day of the planted shifts: late enough for a baseline, early enough to last 5 weeks.
OUTAGE_DAY = 85
NEW_JOB_DAY = 70
POSTS_A_DAY = 25.0

USUAL = {
    "joy": 0.30,
    "love": 0.10,
    "anger": 0.07,
    "sadness": 0.09,
    "fear": 0.06,
    "surprise": 0.08,
    "disgust": 0.02,
    "neutral": 0.28,
}
#: The outage takes joy and gives anger; all else stays.
OUTAGE = USUAL | {"joy": 0.09, "anger": 0.28}

#: Posts by weekday, Monday first: people write on weekends.
VOLUME = (0.85, 0.85, 0.9, 0.9, 1.0, 1.3, 1.2)
#: Moods of a weekday, as factors on the shares.
WEEKDAY_MOOD: dict[int, dict[str, float]] = {
    0: {"joy": 0.85, "sadness": 1.2, "anger": 1.15},
    4: {"joy": 1.1},
    5: {"joy": 1.15, "love": 1.2, "neutral": 0.9},
    6: {"love": 1.2, "sadness": 1.1, "neutral": 0.95},
}

LOW = {
    "sadness": 0.34, "fear": 0.16, "joy": 0.08, "love": 0.04,
    "anger": 0.08, "surprise": 0.04, "neutral": 0.26,
}  # fmt: skip
HIGH = {
    "sadness": 0.07, "fear": 0.05, "joy": 0.44, "love": 0.10,
    "anger": 0.04, "surprise": 0.06, "neutral": 0.24,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Post:
    """One post; `emotion` is the truth and does not stand in the shipped file."""

    id: str
    created_at: datetime
    author: str
    text: str
    emotion: str


@dataclass(frozen=True, slots=True)
class Entry:
    day: date
    text: str
    emotion: str


@dataclass(frozen=True, slots=True)
class _Habits:
    """How one author writes."""

    activity: float
    capitalises: bool
    typo_rate: float
    emoji_rate: float
    hashtag_rate: float


def generate_posts(seed: int = SEED) -> list[Post]:
    """Return about 3,000 posts in order of time."""
    rng = random.Random(seed)
    habits = {author: _habits(rng) for author in sentences.AUTHORS}
    seen: set[str] = set()
    drawn: list[tuple[datetime, str, str, str]] = []
    for number in range(N_DAYS):
        day = FIRST_DAY + timedelta(days=number)
        outage = number >= OUTAGE_DAY
        for _ in range(_poisson(rng, POSTS_A_DAY * VOLUME[day.weekday()])):
            emotion = _draw(rng, _shares_on(day, OUTAGE if outage else USUAL))
            author = _draw(rng, {name: habit.activity for name, habit in habits.items()})
            text = _write(rng, emotion, outage, habits[author])
            while text in seen:
                text = _write(rng, emotion, outage, habits[author])
            seen.add(text)
            drawn.append((_moment(rng, day), author, text, emotion))
    drawn.sort()
    return [Post(f"mb{100_000 + i}", *post) for i, post in enumerate(drawn)]


def generate_journal(seed: int = SEED) -> list[Entry]:
    """Return one entry a day."""
    rng = random.Random(f"journal {seed}")
    entries = []
    for number in range(N_DAYS):
        emotion = _draw(rng, HIGH if number >= NEW_JOB_DAY else LOW)
        mood = rng.sample(journal_sentences.SENTENCES[emotion], k=2 if emotion != "neutral" else 3)
        if emotion != "neutral" and rng.random() < 0.6:
            mood.insert(0, rng.choice(journal_sentences.SENTENCES["neutral"]))
        filled = [_capitalised(_fill(rng, part, journal_sentences.GAPS)) for part in mood]
        entries.append(Entry(FIRST_DAY + timedelta(days=number), " ".join(filled), emotion))
    return entries


def _habits(rng: random.Random) -> _Habits:
    return _Habits(
        activity=rng.paretovariate(1.6),
        capitalises=rng.random() < 0.6,
        typo_rate=rng.choice((0.0, 0.0, 0.04, 0.12)),
        emoji_rate=rng.choice((0.05, 0.2, 0.4)),
        hashtag_rate=rng.choice((0.0, 0.1, 0.3)),
    )


def _shares_on(day: date, level: dict[str, float]) -> dict[str, float]:
    mood = WEEKDAY_MOOD.get(day.weekday(), {})
    return {emotion: share * mood.get(emotion, 1.0) for emotion, share in level.items()}


def _draw(rng: random.Random, weights: dict[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _poisson(rng: random.Random, mean: float) -> int:
    """Count exponential waiting times; the standard library has no Poisson draw."""
    count, waited = 0, rng.expovariate(1.0)
    while waited < mean:
        count += 1
        waited += rng.expovariate(1.0)
    return count


def _moment(rng: random.Random, day: date) -> datetime:
    """Return a second of the day, more often morning and evening than noon and never at night."""
    hour = rng.gauss(8.5, 1.5) if rng.random() < 0.4 else rng.gauss(19.0, 2.2)
    seconds = int(min(max(hour, 5.0), 22.9) * 3600)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)


def _write(rng: random.Random, emotion: str, outage: bool, habit: _Habits) -> str:
    about_outage = outage and emotion == "anger" and rng.random() < 0.85
    patterns = sentences.OUTAGE_ANGER if about_outage else sentences.BEFORE_OUTAGE[emotion]
    tails = sentences.OUTAGE_ANGER_TAILS if about_outage else sentences.TAILS[emotion]
    text = _fill(rng, rng.choice(patterns), sentences.GAPS)
    if rng.random() < 0.3:
        text = f"{rng.choice(sentences.OPENERS[emotion])} {text}"
    if emotion != "neutral" and rng.random() < 0.12:
        text = _elongated(rng, text)
    kind = rng.random()
    if kind < 0.15:
        text = _joined(rng, text, _fill(rng, rng.choice(patterns), sentences.GAPS))
    elif kind < 0.5:
        text = _joined(rng, text, rng.choice(tails))
    if rng.random() < habit.typo_rate:
        text = _with_typo(rng, text)
    text = _capitalised(text) if habit.capitalises else text.lower()
    if habit.capitalises and text[-1] not in "?!.":
        text += "." if emotion == "neutral" or rng.random() < 0.6 else "!"
    if rng.random() < habit.emoji_rate:
        text = f"{text} {rng.choice(sentences.EMOJI[emotion])}"
    if rng.random() < habit.hashtag_rate:
        tags = sentences.OUTAGE_HASHTAGS if about_outage else sentences.HASHTAGS
        text = f"{text} {rng.choice(tags)}"
    return text


def _joined(rng: random.Random, first: str, second: str) -> str:
    if first.endswith("?"):
        return f"{first} {_capitalised(second)}"
    mark = rng.choice((". ", ", ", " - ", "! "))
    return f"{first}{mark}{_capitalised(second) if mark in {'. ', '! '} else second}"


def _fill(rng: random.Random, pattern: str, gaps: dict[str, tuple[str, ...]]) -> str:
    """Fill each gap by itself, never twice with the same words, and mend `a` before a vowel."""
    used: set[str] = set()

    def word(gap: re.Match[str]) -> str:
        chosen = rng.choice([word for word in gaps[gap[1]] if word not in used])
        used.add(chosen)
        return chosen

    filled = re.sub(r"\{(\w+)\}", word, pattern)
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", filled)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _elongated(rng: random.Random, text: str) -> str:
    for word, letter in rng.sample(sentences.ELONGATED, k=len(sentences.ELONGATED)):
        found = re.search(rf"\b{re.escape(word)}", text)
        if found:
            at = found.start() + word.rindex(letter)
            return text[:at] + letter * rng.randint(2, 4) + text[at:]
    return text


def _with_typo(rng: random.Random, text: str) -> str:
    """Swap two inner letters of a longer word, or drop one."""
    words = text.split(" ")
    long_words = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long_words:
        return text
    chosen = rng.choice(long_words)
    word = words[chosen]
    at = rng.randint(1, len(word) - 3)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    words[chosen] = swapped if rng.random() < 0.5 else word[:at] + word[at + 1 :]
    return " ".join(words)


def posts_csv(posts: list[Post]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "created_at", "author", "text"])
    for post in posts:
        moment = post.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        writer.writerow([post.id, moment, post.author, post.text])
    return out.getvalue()


def journal_markdown(entries: list[Entry]) -> str:
    parts = ["# Evenings\n"]
    parts += [f"## {entry.day.isoformat()}\n\n{entry.text}\n" for entry in entries]
    return "\n".join(parts)


def truth(seed: int, posts: list[Post], entries: list[Entry]) -> dict[str, object]:
    """Return what was planted, for whoever wants to check what was found."""
    return {
        "seed": seed,
        "posts": {
            "file": "posts.csv",
            "n": len(posts),
            "first_day": FIRST_DAY.isoformat(),
            "last_day": (FIRST_DAY + timedelta(days=N_DAYS - 1)).isoformat(),
            "shift_day": (FIRST_DAY + timedelta(days=OUTAGE_DAY)).isoformat(),
            "directions": {"anger": "up", "joy": "down"},
            "shares_before": USUAL,
            "shares_after": OUTAGE,
        },
        "journal": {
            "file": "journal.md",
            "n": len(entries),
            "shift_day": (FIRST_DAY + timedelta(days=NEW_JOB_DAY)).isoformat(),
            "directions": {"joy": "up", "sadness": "down"},
            "shares_before": LOW,
            "shares_after": HIGH,
        },
    }


def write_sample(out: Path, seed: int = SEED) -> None:
    """Write posts.csv, journal.md and truth.json into a folder."""
    posts, entries = generate_posts(seed), generate_journal(seed)
    files = {
        "posts.csv": posts_csv(posts),
        "journal.md": journal_markdown(entries),
        "truth.json": json.dumps(truth(seed, posts, entries), indent=2) + "\n",
    }
    for name, content in files.items():
        (out / name).write_bytes(content.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    write_sample(arguments.out, arguments.seed)
    print(f"wrote posts.csv, journal.md and truth.json to {arguments.out}")


if __name__ == "__main__":
    main()
