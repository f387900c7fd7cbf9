"""More words for long frames: causes, occasions, events, and days as people tell them.

Causes, places and days are neither good nor bad in themselves; feelings and events bring the
emotion. Feelings fit behind 'I was' and 'I felt'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import words
from training.phrases.draw import FELT, Draw

ALL: Final[tuple[Emotion, ...]] = (*FELT, "love")


def _list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split("|"))


FEELINGS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": _list(
        "sad|unhappy|miserable|down|gloomy|hopeless|depressed|heartbroken|disappointed"
        "|dejected|let down|melancholy|close to tears|hurt|discouraged|devastated|crushed|sorrowful"
    ),
    "joy": _list(
        "happy|glad|cheerful|delighted|thrilled|overjoyed|pleased|joyful|proud|excited|elated"
        "|grateful|hopeful|content|over the moon|relieved|in high spirits|on top of the world"
        "|ecstatic|happy|glad"
    ),
    "anger": _list(
        "angry|furious|annoyed|irritated|outraged|livid|frustrated|resentful|bitter|cross"
        "|infuriated|fed up|enraged|indignant|ticked off|angry|furious"
    ),
    "fear": _list(
        "scared|afraid|terrified|frightened|anxious|nervous|worried|uneasy|panicky|apprehensive"
        "|petrified|alarmed|on edge|scared stiff|sick with worry|afraid|scared"
    ),
    "surprise": _list(
        "surprised|amazed|astonished|shocked|stunned|startled|astounded|taken aback|dumbfounded"
        "|flabbergasted|baffled|surprised"
    ),
    "love": _list(
        "in love with him|in love with her|fond of her|fond of him|head over heels for her"
        "|head over heels for him|smitten with him|smitten with her|full of tenderness for them"
        "|full of love for her|full of love for them|devoted to him"
    ),
}
#: Verbs of making one feel, in the past and bare.
MADE: Final[Mapping[Emotion, tuple[tuple[str, str], ...]]] = {
    "sadness": (
        ("broke my heart", "break my heart"), ("brought me to tears", "bring me to tears"),
        ("made me cry", "make me cry"), ("saddened me", "sadden me"),
        ("got me down", "get me down"),
    ),
    "joy": (
        ("cheered me up", "cheer me up"), ("put a smile on my face", "put a smile on my face"),
        ("lifted my spirits", "lift my spirits"), ("delighted me", "delight me"),
        ("made my day", "make my day"), ("made me happy", "make me happy"),
    ),
    "anger": (
        ("annoyed me", "annoy me"), ("infuriated me", "infuriate me"),
        ("got under my skin", "get under my skin"),
        ("drove me up the wall", "drive me up the wall"),
        ("made my blood boil", "make my blood boil"), ("made me angry", "make me angry"),
    ),
    "fear": (
        ("scared me", "scare me"), ("frightened me", "frighten me"), ("worried me", "worry me"),
        ("gave me the creeps", "give me the creeps"), ("made me nervous", "make me nervous"),
    ),
    "surprise": (
        ("surprised me", "surprise me"), ("amazed me", "amaze me"),
        ("caught me off guard", "catch me off guard"), ("astonished me", "astonish me"),
        ("took me by surprise", "take me by surprise"),
    ),
    "love": (
        ("made me feel loved", "make me feel loved"), ("made me love them", "make me love them"),
        ("made me fall for him", "make me fall for him"),
        ("made me feel cherished", "make me feel cherished"),
    ),
}  # fmt: skip
#: Occasions one can be at, come away from, or dread.
OCCASIONS: Final = _list(
    "the evening at my aunt's house|the long weekend in the mountains|the concert in the town hall"
    "|the ceremony in the park|the walk around the lake|the party on the fourth floor"
    "|the trip to the coast|the dinner with his family|the meeting on the third floor"
    "|the visit to my old school|the ride home through the rain|the first week at the new place"
    "|the interview downtown|the class reunion|the night at the campsite|the talk with my manager"
    "|the afternoon at the lake|the appointment at the clinic|the family lunch|the rehearsal"
    "|the open day at the college|the flight to Lisbon|the boat tour|my cousin's wedding"
    "|the office barbecue|the parents' evening|the moving day"
)
CAUSES: Final = (
    *OCCASIONS,
    *_list(
        "what they told me on the phone|the letter that came this morning|the way the meeting ended"
        "|the speech my brother gave|the photos from last summer|the email from head office"
        "|the film we watched on Friday|the message he left|the news about the merger"
        "|the plan they showed us|the test on Thursday|the call with the landlord"
        "|the announcement at noon|the thing she whispered to me|the note under my door"
        "|the answer I got from the council|the article about our street|the song on the radio"
        "|what the doctor said about my knee|the story he told at lunch|the result of the vote"
    ),
)
#: Several things, behind 'none of', 'all of'.
THEM: Final = _list(
    "what they told me|the things she said over dinner|the people we met at the fair"
    "|the presents on the table|what I read in the report|the calls I got that week"
    "|the speeches after lunch|the stories he told in the car|the messages on my phone"
    "|what happened at the station|the films we saw at the festival|the changes they made"
    "|what I saw on that street|the comments under my post|the pictures in the hallway"
    "|the questions they asked me|what my colleagues had planned|the letters in that box"
)
WHO_DID: Final = _list(
    "saw the letter|was at the meeting that day|had read the report to the end|knew the whole story"
    "|stood in the hall with us|heard the announcement|came to the station that night"
    "|watched the match from our side|sat at our table|worked on the second floor"
    "|walked past the house|listened to the whole speech|had to sign the form"
)
PLACES: Final = _list(
    "the office|the theatre|the hospital|the stadium|her flat|the classroom|the town hall"
    "|the clinic|the restaurant|the gym|that house|the library|the waiting room|the canteen"
)
WHO: Final = _list(
    "my manager|the doctor|my sister|our teacher|the landlord|my father|the new coach|my aunt"
    "|the woman at the counter|my best friend|the man next door|his mother|my grandfather"
)
TOPICS: Final = _list(
    "the move|my job|the exam|the house|the wedding|my health|the dog next door|the new school"
    "|flying|the divorce|my old team|the garden|driving at night|living alone|the accident"
    "|public speaking|the baby|the diagnosis|thunderstorms|the inheritance|my weight|the future"
)
TIMES: Final = _list(
    "yesterday|last night|on Friday|at the weekend|this morning|earlier today|on Tuesday evening"
    "|after work|in the afternoon|last month"
)

EVENTS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": (
        *words.EVENTS["sadness"],
        *_list(
            "my grandmother passed away|the vet could not save our dog|my best friend moved abroad"
            "|nobody remembered my birthday|I lost my mother's ring|the treatment did not work"
            "|they turned me down again|we had to sell my father's piano|I ate alone again"
            "|our little shop had to close|she told me it was over"
        ),
    ),
    "joy": (
        *words.EVENTS["joy"],
        *_list(
            "my daughter took her first steps|they offered me the post|I won the raffle"
            "|my brother came home safe|the results were all clear|we booked our dream holiday"
            "|my poem got published|the kids sang for me at breakfast|I paid off my last debt"
            "|my team carried me on their shoulders|we laughed until our sides ached"
        ),
    ),
    "love": words.EVENTS["love"],
    "anger": (
        *words.EVENTS["anger"],
        *_list(
            "he read my diary without asking|they cancelled my order and kept the money"
            "|my colleague blamed me for his mistake|somebody stole my bike|she lied to all of us"
            "|the landlord raised the rent once more|a driver cut me off and swore at me"
            "|they kept me on hold for an hour and hung up|he made fun of my son"
            "|the neighbours dumped their rubbish on our lawn"
        ),
    ),
    "fear": (
        *words.EVENTS["fear"],
        *_list(
            "someone tried the handle of my door at night|the doctor wants more tests done quickly"
            "|a car came straight at us|the water kept rising|my son did not come home last night"
            "|the smoke came in under the door|a huge dog ran at me|I got lost in the woods at dusk"
            "|they found a lump"
        ),
    ),
    "surprise": (
        *words.EVENTS["surprise"],
        *_list(
            "my shy cousin got up and sang|a deer walked into the shop|the letter was from my idol"
            "|the box was empty|they had the same name as us|out of nowhere the lights came on"
            "|my parents told me I have a half-brother|my boss showed up in a chicken costume"
        ),
    ),
}  # fmt: skip

#: Days as people tell them: nothing in them is good or bad.
EVERYDAY: Final = _list(
    "I got up at seven and made coffee|The bus was on time and half empty|I had a sandwich at noon"
    "|In the afternoon I answered some emails|We went over the figures for the quarter"
    "|On the way back I stopped at the chemist's|I put a load of washing on|It was cloudy most of"
    " the day|My sister sent me the address of the dentist|I watered the plants on the balcony"
    "|There was soup left from yesterday, so I warmed it up|I read a few pages before lunch"
    "|The meeting was moved to the small room|I took the car to the garage for the winter tyres"
    "|We talked about the timetable for next week|The parcel for the neighbours was left with us"
    "|I ironed two shirts and listened to the radio|At four the electrician came to look at the"
    " meter|I wrote a list for the supermarket|The trams were running every ten minutes"
    "|After that I sorted the papers on my desk|He asked whether we still had printer paper"
    "|I walked the last two stops|We had pasta with tomato sauce|Later on I called the insurance"
    " company about the form|The new chairs were delivered to the office|I changed the sheets and"
    " took out the rubbish|In the evening there was a programme about bridges|I set the alarm for"
    " half past six|My flatmate was at her evening class|The lift was being serviced, so I took"
    " the stairs|I bought bread, milk and a bag of onions|They are painting the stairwell this"
    " week|I copied the addresses into the new notebook|We parked behind the library|At the desk"
    " they gave me a number and a form|The train had the usual two carriages|I had to renew my"
    " card at the library|Around five I peeled the potatoes|The window in the hall was open"
    "|I filled in my hours for the week|She was wearing her grey coat|We took the road along the"
    " river|I put the bins out and brought the post in|Someone had left an umbrella on the train"
    "|Between two calls I had a cup of tea"
)


def feeling(draw: Draw, emotion: Emotion) -> str:
    return draw.one(FEELINGS[emotion])


def graded(draw: Draw, emotion: Emotion) -> str:
    """Return a feeling, often with an intensifier that it bears."""
    word = feeling(draw, emotion)
    if " " in word:
        return word
    if word in words.EXTREMES:
        return draw.one((word, word, f"absolutely {word}", f"utterly {word}"))
    return draw.one((word, word, f"so {word}", f"very {word}", f"really {word}", f"rather {word}"))


def made(draw: Draw, emotion: Emotion) -> str:
    """Return what something did to the writer: 'made me feel glad', 'cheered me up'."""
    if emotion == "love" or draw.chance(0.5):
        return draw.one(MADE[emotion])[0]
    word = feeling(draw, emotion)
    return draw.one((f"made me feel {word}", f"left me feeling {word}"))


def make(draw: Draw, emotion: Emotion) -> str:
    """Return the same as a bare verb."""
    if emotion == "love" or draw.chance(0.5):
        return draw.one(MADE[emotion])[1]
    return f"make me feel {feeling(draw, emotion)}"


def pair(draw: Draw) -> tuple[Emotion, Emotion]:
    """Return two different emotions that adjectives can tell."""
    first = draw.one(FELT)
    return first, draw.other(first)
