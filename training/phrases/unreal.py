"""Frames of what is not so: conditions unmet, fancies, wishes; and conditions that do hold."""

from __future__ import annotations

from typing import Final

from records import Emotion
from training.phrases import scenes, words
from training.phrases.draw import FELT, Draw, sentence, sentences
from training.phrases.negation import Labelled
from training.phrases.scenes import feeling, graded

_DONE: Final = (
    "taken the other job", "stayed in the village", "bought that house", "studied law",
    "caught the earlier train", "read the small print", "listened to my brother", "moved abroad",
    "missed the flight", "gone with them", "said yes back then", "kept the old car",
    "signed the contract", "opened the second envelope", "married a farmer", "turned left",
)  # fmt: skip
_DID: Final = (
    "moved to the city", "sold the car", "changed the date", "asked a stranger", "lived upstairs",
    "worked on Sundays", "had a twin", "heard from them today", "took the night shift",
)  # fmt: skip
_THEY: Final = (
    "told us in time", "asked for our opinion", "picked somebody else", "closed the road",
    "offered more money", "changed the rules", "chosen another town", "sent the letter earlier",
)  # fmt: skip
_SAFE: Final = (
    "ring this number", "count to ten", "have a glass of water", "there is a bench outside",
    "just send me a message", "page nine has some advice", "the desk is open until six",
)  # fmt: skip
_LACKED: Final = (
    "a garden of my own", "someone to talk to", "a home to go back to", "one real friend here",
    "more time with my kids", "my father's voice again", "a job that means something",
    "somebody beside me at night", "my old life back",
)  # fmt: skip
_MILD: Final = (
    "I lived closer to the sea", "I were a bit taller", "it were Friday already",
    "I could play the piano", "I had more time to read", "we had a bigger kitchen",
    "I had learned Spanish", "the shops were open on Sunday", "summer were longer",
)  # fmt: skip
_WHENEVER: Final = (
    "she calls", "I hear his key in the door", "I walk past the old house", "the phone rings",
    "I open that drawer", "he talks about the plan", "they play that song", "I see the number 12",
    "my boss walks in", "we drive through the tunnel", "somebody mentions the town",
    "I think of Thursday", "the doorbell goes", "I smell fresh paint", "it gets dark",
)  # fmt: skip


def condition(draw: Draw) -> Labelled:
    """A condition that is not met: nothing is felt; a joy that would be now is half a regret."""
    emotion = draw.one(FELT)
    subject = draw.subject()
    who, x = subject.words, feeling(draw, emotion)
    done, did, they = draw.one(_DONE), draw.one(_DID), draw.one(_THEY)
    now = draw.one(("now", "today", "by now"))
    if emotion == "joy" and draw.chance(0.4):
        text = draw.one(
            (
                f"if I had {done}, I would be {x} {now}",
                f"had I only {done}, I could be {x} {now}",
                f"I would be {x} {now} if only I had {done}",
            )
        )
        return sentence(text), ("sadness", "neutral")
    third = "they" if subject is words.I else who
    text = draw.one(
        (
            f"if {third} had {done}, I would be {x} {now}" if emotion != "joy"
            else f"if {third} had {done}, they would be {x} {now}",
            f"had they {they}, {who} would have been {x}",
            f"{who} would have been {x} if they had {they}",
            f"if we {did}, {who} would probably be {x}",
            f"{who} would only be {x} if they {did}",
            f"{who} could have been {x} about {draw.one(scenes.TOPICS)}, had they {they}",
            f"it would have been different had they {they}: then {who} might have felt {x}",
            f"unless they {did}, I can't see why {who} would be {x}",
            f"even if they {did}, it is not certain that {who} would be {x}",
            f"{who} would be {x} only in the case that we {did}",
        )
    )  # fmt: skip
    return sentence(text), ("neutral",)


def fancied(draw: Draw) -> Labelled:
    """Someone imagined, anyone at all, or a piece of advice."""
    emotion = draw.one(FELT)
    x, topic, did = feeling(draw, emotion), draw.one(scenes.TOPICS), draw.one(scenes.WHO_DID)
    occasion = draw.one(scenes.OCCASIONS)
    text = draw.one(
        (
            f"imagine being {x} about {topic}",
            f"imagine that you were {x} about {topic}: who would you call?",
            f"picture a man who is {x} about {topic}, and then draw him",
            f"whoever {did} would be {x}, I suppose",
            f"anyone who {did} might have been {x}",
            f"in case I am {x} after {occasion}, {draw.one(_SAFE)}",
            f"in case you feel {x} during {occasion}, {draw.one(_SAFE)}",
            f"should you ever feel {x} about {topic}, {draw.one(_SAFE)}",
            f"if you are {x} about {topic}, {draw.one(_SAFE)}",
            f"a person in my place might be {x} about {topic}",
            f"suppose somebody were {x} about {topic}. what would they say?",
            f"some people would be {x} about {occasion}, others would not",
            f"unless {draw.one(scenes.WHO)} calls, nobody has a reason to be {x}",
            f"what would it take for a man to be {x} about {topic}?",
            f"the character in my story is supposed to be {x} about {topic}",
            f"perhaps I will be {x} about {topic} one day, perhaps not",
            f"it remains to be seen whether {occasion} will make anyone {x}"
            if " " not in x else f"it remains to be seen whether anyone will be {x}",
        )
    )  # fmt: skip
    return sentences(text, "" if text.endswith("?") else "."), ("neutral",)


def wished(draw: Draw) -> Labelled:
    """A wish for what one lacks is sad, or mildly so; a wish against a feeling tells it."""
    choice = draw.order.random()
    topic = draw.one(scenes.TOPICS)
    if choice < 0.3:
        emotion: Emotion = draw.one(("sadness", "anger", "fear"))
        x = feeling(draw, emotion)
        text = draw.one(
            (
                f"I wish I weren't so {x} about {topic}"
                if " " not in x else f"I wish {topic} did not make me feel {x}",
                f"I wish I could stop being {x} about {topic}",
                f"if only {topic} did not make me feel {x}",
                f"I wish I didn't have to be {x} every time {draw.one(_WHENEVER)}",
                f"I would love not to be {x} about {topic} for once",
            )
        )  # fmt: skip
        return sentence(text), (emotion,)
    if choice < 0.75:
        joy, lacked = feeling(draw, "joy"), draw.one(_LACKED)
        text = draw.one(
            (
                f"I wish I were {joy} about {topic} the way the others are",
                f"I wish I could be {joy} like everybody else at {draw.one(scenes.OCCASIONS)}",
                f"if only I were {joy} again, like I was before {draw.one(scenes.OCCASIONS)}",
                f"how I wish I had {lacked}",
                f"I would give anything for {lacked}",
                f"if only there were {lacked} for me",
                f"all I ever wanted was {lacked}, and I don't have it",
                f"I wish {draw.one(('he', 'she', 'somebody', 'anyone'))} loved me the way I am",
                f"I long for {lacked}",
            )
        )  # fmt: skip
        return sentence(text), ("sadness",)
    text = draw.one(
        (
            f"I wish {draw.one(_MILD)}",
            f"sometimes I wish {draw.one(_MILD)}",
            f"it would be nice if {draw.one(_MILD)}",
            f"I wouldn't mind if {draw.one(_MILD)}",
        )
    )
    milds: tuple[Emotion, ...] = ("sadness", "neutral") if "wish" in text else ("neutral",)
    return sentence(draw.opener(0.3) + text), milds


def real(draw: Draw) -> Labelled:
    """A condition that holds again and again: the feeling is felt."""
    emotion = draw.one(FELT)
    x, when = graded(draw, emotion), draw.one(_WHENEVER)
    if draw.chance(0.15):
        he = draw.one(("he", "she"))
        text = draw.one(
            (
                f"if {he} so much as smiles at me, I melt",
                f"whenever {he} walks in, my heart skips a beat",
                f"every time {he} takes my hand I fall in love all over again",
                f"when {he} is asleep beside me, I know that I will love nobody else",
            )
        )
        return sentence(draw.opener(0.5) + text), ("love",)
    text = draw.one(
        (
            f"whenever {when}, I am {x}",
            f"every time {when} I feel {x}",
            f"I get {x} as soon as {when}"
            if not x.startswith(("in ", "on ", "over ", "close "))
            else f"I am {x} when {when}",
            f"when {when}, I am {x}",
            f"each time {when} it is the same: I am {x}",
            f"{when} and I'm {x} straight away",
            f"if {when}, as happens every day, I feel {x}",
            f"I am {x} whenever {when}, without exception",
            f"I only have to think that {when} and I am {x}",
        )
    )
    return sentence(draw.opener(0.2) + text), (emotion,)
