"""The word lists that sentences are made of, by the emotion they carry.

Feelings fit behind 'I am' and 'I feel'; subjects bring the verb forms they agree with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from records import Emotion


def _list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split("|"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Who feels: the words, and the forms of the verbs behind them."""

    words: str
    is_: str
    was: str
    has: str
    does: str

    def feels(self, verb: str) -> str:
        """Return a regular verb in the present, agreeing with the subject."""
        return verb if self.does == "do" else f"{verb}s"


def third(words: str) -> Subject:
    """Return a subject in the third person singular."""
    return Subject(words, "is", "was", "has", "does")


I: Final = Subject("I", "am", "was", "have", "do")  # noqa: E741 (it is the word)
OTHERS: Final = (
    *(Subject(words, "are", "were", "have", "do") for words in ("we", "they", "you two")),
    *map(third, _list("he|she|my sister|my brother|my mother|my dad|my neighbour|our teacher")),
    *map(third, _list("my boss|the new colleague|my best friend|my flatmate|my cousin|the coach")),
    *(
        Subject(words, "are", "were", "have", "do")
        for words in _list("my parents|the kids|my friends|both of us|the players|our guests")
    ),
)

FEELINGS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list(
        "sad|unhappy|miserable|heartbroken|gloomy|lonely|hopeless|depressed|disappointed|devastated"
        "|downhearted|hurt|dejected|tearful|sorrowful|upset|discouraged|crushed"
    ),
    "joy": _list(
        "happy|glad|cheerful|delighted|thrilled|overjoyed|pleased|joyful|ecstatic|proud|excited"
        "|elated|upbeat|grateful|hopeful|relieved|satisfied|optimistic"
    ),
    "anger": _list(
        "angry|furious|mad|annoyed|irritated|enraged|outraged|livid|frustrated|resentful|bitter"
        "|cross|infuriated|fuming|offended"
    ),
    "fear": _list(
        "scared|afraid|terrified|frightened|anxious|nervous|worried|panicky|uneasy|fearful"
        "|apprehensive|petrified|alarmed|intimidated"
    ),
    "surprise": _list(
        "surprised|amazed|astonished|shocked|stunned|startled|astounded|flabbergasted|dumbfounded"
        "|bewildered|perplexed|puzzled"
    ),
}
#: One-syllable and -y words take -er; all others `more`.
COMPARATIVES: Final[Mapping[str, str]] = {
    "sad": "sadder", "happy": "happier", "unhappy": "unhappier", "angry": "angrier",
    "lonely": "lonelier", "proud": "prouder", "mad": "madder", "gloomy": "gloomier",
}  # fmt: skip
#: Adjectives already at their end: 'very furious' and 'more petrified' are no one's words.
EXTREMES: Final = frozenset(
    _list(
        "miserable|heartbroken|devastated|crushed|thrilled|overjoyed|ecstatic|elated|delighted"
        "|furious|enraged|outraged|livid|infuriated|fuming|terrified|petrified|amazed|astonished"
        "|stunned|astounded|flabbergasted|dumbfounded|shocked"
    )
)
NOUNS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list("sadness|grief|sorrow|despair|loneliness|misery"),
    "joy": _list("joy|happiness|delight|excitement|pride|gratitude"),
    "love": _list("love|affection|tenderness|warmth|devotion"),
    "anger": _list("anger|rage|fury|resentment|bitterness|irritation"),
    "fear": _list("fear|dread|terror|anxiety|panic|worry"),
    "surprise": _list("surprise|astonishment|amazement|shock"),
}
#: Things that make one feel something, as a third-person verb with its object.
MAKES: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list("makes me sad|breaks my heart|brings me down|depresses me|makes me cry"),
    "joy": _list("makes me happy|cheers me up|makes me smile|lifts my spirits|makes my day"),
    "anger": _list("makes me angry|annoys me|infuriates me|drives me mad|gets on my nerves"),
    "fear": _list("scares me|frightens me|makes me nervous|terrifies me|worries me"),
    "surprise": _list("surprises me|amazes me|astonishes me|catches me off guard|baffles me"),
}
#: The same as bare verbs, for behind `does not`.
MAKE: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list("make me sad|break my heart|bring me down|depress me|make me cry"),
    "joy": _list("make me happy|cheer me up|make me smile|lift my spirits|make my day"),
    "anger": _list("make me angry|annoy me|infuriate me|drive me mad|get on my nerves"),
    "fear": _list("scare me|frighten me|make me nervous|terrify me|worry me"),
    "surprise": _list("surprise me|amaze me|astonish me|catch me off guard|baffle me"),
}

#: What a feeling is about; none of it good or bad in itself.
ABOUT: Final = _list(
    "about the news|about the new plan|about how the day went|about tonight|about the test results"
    "|about the interview|about moving house|about what she wrote|about the phone call"
    "|about the decision|about the trip next week|about his answer|about starting over"
    "|about the change of schedule|about our talk|about the letter|about the game last night"
    "|about the wedding plans|about the new neighbours|about the doctor's report"
    "|about going back to school|about this whole business|about the way it ended"
)
WHEN: Final = _list(
    "today|this morning|right now|tonight|these days|this week|at the moment|after work"
    "|on the train home|since Monday|this afternoon|before bed|after dinner"
)
OPENERS: Final = _list(
    "Honestly,|To be honest,|Well,|For the record,|Believe it or not,|I have to say,|You know,"
    "|Just so you know,|Truth be told,|If anyone asks,|Looking back,|All things considered,"
)
THINGS: Final = _list(
    "the film|the food|the hotel|the concert|this phone|the service|the flight|the new album"
    "|the show|the book|the coffee|the lecture|the party|the restaurant|the game|the update"
    "|my first week|the weather|the picnic|the course|the play|the museum|the bike|this laptop"
    "|the soup"
)
ACTIVITIES: Final = _list(
    "working from home|cooking for everyone|the early shift|going to the gym|visiting my in-laws"
    "|the Monday meeting|driving for hours|learning the piano|cleaning the garage|playing in a team"
    "|camping|our family reunion|driving in the city|standing in line|the night train"
    "|doing the laundry"
)
GOOD: Final = _list(
    "good|great|nice|pleasant|wonderful|fun|lovely|impressive|enjoyable|brilliant|delightful"
)
BAD: Final = _list("bad|terrible|awful|boring|dull|horrible|poor|disappointing|dreadful|unpleasant")
PEOPLE: Final = _list("you|her|him|my wife|my husband|my daughter|my son|my grandma|my dog|them")

#: What happens, by the emotion that goes with it, in the past tense.
EVENTS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list(
        "my cat died|we lost the house|nobody came to my birthday|I failed the exam again"
        "|she moved away for good|the doctor gave us bad news|he left without a goodbye"
        "|I had to say farewell to my team|our team lost the final|they cancelled the reunion"
    ),
    "joy": _list(
        "I passed the exam|we won the match|I got the job|my sister had a healthy baby"
        "|they gave me a raise|the sun came out for our picnic|my friends threw me a party"
        "|I finished my first marathon|we finally got the keys|the scan came back clear"
    ),
    "love": _list(
        "he held my hand all night|she kissed me on the forehead|my little boy hugged me tight"
        "|we danced in the kitchen|she said yes|he brought me soup in bed"
        "|my dog curled up on my lap|we fell asleep in each other's arms"
    ),
    "anger": _list(
        "they overcharged me again|he lied to my face|someone scratched my car"
        "|she took the credit for my work|they ignored my complaint|he shouted at the waitress"
        "|my neighbour drilled at midnight|they cut my pay without a word"
        "|he broke his promise again"
    ),
    "fear": _list(
        "I heard steps behind me|the plane suddenly dropped|a stranger followed me home"
        "|the lights went out in the lift|something moved under the bed|the brakes stopped working"
        "|the ground began to shake|I could not find my child in the crowd"
    ),
    "surprise": _list(
        "my old teacher called out of the blue|they walked in unannounced"
        "|the quiet kid won the talent show|I found a hundred dollars in an old coat"
        "|she turned out to be his twin|it snowed in the middle of May|he remembered my name"
    ),
}

SMILEYS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list("😢|😞|😭|💔|:(|:'("),
    "joy": _list("😊|😄|🎉|😁|:)|:D|😀"),
    "love": _list("❤️|😍|🥰|💕|<3|😘"),
    "anger": _list("😠|😡|🤬|💢|>:("),
    "fear": _list("😱|😨|😰|😬"),
    "surprise": _list("😲|😮|🤯|😳|:O"),
    "neutral": (),
}
NAMES: Final = (
    _list("Emma|Olivia|Sarah|Maria|Aisha|Fatima|Priya|Mei|Keisha|Elena|Hannah|Ingrid|Yuki|Zeynep"),
    _list("James|Michael|David|John|Mohammed|Omar|Raj|Wei|Jamal|Carlos|Daniel|Lars|Kenji|Dmitri"),
)
