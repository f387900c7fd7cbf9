"""Frames whose negator stands far from the feeling, and their twins without one."""

from __future__ import annotations

from training.phrases import scenes
from training.phrases.draw import FELT, Draw, sentence
from training.phrases.negation import LEFT, Labelled
from training.phrases.scenes import ALL, feeling, made, make

_ASIDES = (
    "in spite of all the fuss at the office", "as far as I can remember",
    "whatever it may have looked like", "with everything else going on that week",
    "even after hearing the whole story", "looking back on it now", "through all those months",
)  # fmt: skip
_CLAIMS = (
    "as some people at work now claim", "contrary to what my cousin told everyone",
    "no matter what the others may have told you", "as my sister likes to put it",
)  # fmt: skip
_OCCASIONALLY = (
    "about anything my neighbours get up to", "about a piece of paper", "on a Sunday evening",
    "because of something on the internet", "over a phone call", "about a film", "at a bus stop",
    "about something a stranger said", "on the day before a journey", "in a waiting room",
)  # fmt: skip


def denied_cause(draw: Draw) -> Labelled:
    """'There was nothing about the evening at my aunt's house that cheered me up.'"""
    emotion = draw.one((*ALL, "joy"))
    cause, second = draw.order.sample(scenes.CAUSES, 2)
    made_me, them, who = made(draw, emotion), draw.one(scenes.THEM), draw.one(scenes.WHO)
    text = draw.one(
        (
            f"there was nothing about {cause} that {made_me}",
            f"there was not a single thing about {cause} that {made_me}",
            f"I can't say that {cause} {made_me}",
            f"I cannot honestly claim that {cause} {made_me}",
            f"I don't think {cause} {made_me} in any way",
            f"I don't believe that {cause} really {made_me}",
            f"none of {them} {made_me}",
            f"nothing {who} said about {cause} {made_me}",
            f"neither {cause} nor {second} {made_me}",
            f"I wouldn't go so far as to say that {cause} {made_me}",
            f"it would be an exaggeration to say that {cause} {made_me}",
            f"very little of what {who} said {draw.one(scenes.TIMES)} {made_me}",
            f"nobody at {draw.one(scenes.OCCASIONS)} said anything that {made_me}",
            f"{who} didn't tell us anything {draw.one(scenes.TIMES)} that {made_me}",
            f"I doubt that {cause} {made_me}, or anyone else for that matter"
            if made_me.endswith(" me") else f"I very much doubt that {cause} {made_me}",
            f"not one word in {draw.one(('the report', 'his letter', 'that email'))} {made_me}",
            f"no part of {cause} ever {made_me}",
            f"{cause} did not, when all is said and done, {make(draw, emotion)}",
            f"{cause} didn't, {draw.one(_ASIDES)}, {make(draw, emotion)}",
            f"nothing they showed me {draw.one(scenes.TIMES)} could {make(draw, emotion)}",
        )
    )  # fmt: skip
    return sentence(draw.opener(0.15) + text), LEFT[emotion]


def denied_self(draw: Draw) -> Labelled:
    """'At no point during the boat tour did I feel nervous.'"""
    emotion = draw.one(FELT)
    feel, cause, occasion = (
        feeling(draw, emotion),
        draw.one(scenes.CAUSES),
        draw.one(scenes.OCCASIONS),
    )
    aside, who = draw.one(_ASIDES), draw.one(scenes.WHO)
    did = draw.one(scenes.WHO_DID)
    text = draw.one(
        (
            f"I don't think I have ever been {feel} {draw.one(_OCCASIONALLY)}",
            f"I don't think that anyone who {did} was {feel}, least of all me",
            f"nobody who {did} was {feel}, and neither was I",
            f"at no point during {occasion} did I feel {feel}",
            f"at no time, {aside}, was I {feel}",
            f"I didn't come away from {occasion} feeling {feel}",
            f"I did not leave {draw.one(scenes.PLACES)} that night feeling {feel}",
            f"I never once, {aside}, felt {feel}",
            f"I saw no reason, {aside}, to feel {feel}",
            f"I couldn't find it in me, {aside}, to be {feel}",
            f"I wasn't, {draw.one(_CLAIMS)}, {feel} about {cause}",
            f"I am not, {draw.one(_CLAIMS)}, {feel} about {cause}",
            f"it isn't the case that I came home from {occasion} {feel}",
            f"I do not remember {cause} ever making me feel {feel}",
            f"I have yet to hear a word from {who} that makes me feel {feel}",
            f"you will not find anyone at {draw.one(scenes.PLACES)} who is {feel} about {cause}",
            f"I can't think of a single moment of {occasion} when I was {feel}",
            f"there isn't anything in {draw.one(scenes.PLACES)} that makes me feel {feel}",
            f"I don't want you to think that {cause} left me {feel}, because it didn't",
            (f"I didn't walk out of {draw.one(scenes.PLACES)} and tell {who} that I was {feel},"
            " because I wasn't"),
        )
    )  # fmt: skip
    return sentence(draw.opener(0.15) + text), LEFT[emotion]


def not_as_if(draw: Draw) -> Labelled:
    """'It's not as if the call with the landlord made my day': said of a joy that is missing."""
    emotion = draw.one(FELT)
    cause, feel = draw.one(scenes.CAUSES), feeling(draw, emotion)
    text = draw.one(
        (
            f"it is not as if {cause} {made(draw, emotion)}",
            f"it's not like {cause} {made(draw, emotion)} or anything",
            f"it is not as though I were {feel} about {cause}",
            f"it's not that I was {feel} about {cause}",
            f"I wouldn't say I was {feel} when I heard about {cause}",
            f"I'm not sure that I was ever {feel} about {cause}",
        )
    )
    left = LEFT[emotion]
    return sentence(text), (*left, "neutral") if left == ("sadness",) else left


def affirmed(draw: Draw) -> Labelled:
    """The twins: the same length and the same causes, and the feeling stands."""
    emotion = draw.one(ALL)
    cause, second = draw.order.sample(scenes.CAUSES, 2)
    made_me, them, who = made(draw, emotion), draw.one(scenes.THEM), draw.one(scenes.WHO)
    feel, occasion = scenes.graded(draw, emotion), draw.one(scenes.OCCASIONS)
    if emotion != "love" and draw.chance(0.5):
        text = draw.one(
            (
                f"everyone who {draw.one(scenes.WHO_DID)} was {feel}, and so was I",
                f"I came away from {occasion} feeling {feel}",
                f"I left {draw.one(scenes.PLACES)} that night feeling {feel}",
                f"I was, {draw.one(_ASIDES)}, {feel} about {cause}",
                f"I think I was {feel} from the first minute of {occasion} to the last",
                f"all through {occasion} I felt {feel}",
                f"whenever I think of {cause}, I am {feel}",
                f"I can say with some certainty that {cause} left me {feel}",
                f"I don't know about you, but I was {feel} about {cause}",
                f"{who} may not see it, but I am {feel} about {cause}",
            )
        )
    else:
        text = draw.one(
            (
                f"everything about {cause} {made_me}",
                f"there was something about {cause} that {made_me}",
                f"I have to say that {cause} {made_me}",
                f"I do think {cause} {made_me}",
                f"all of {them} {made_me}",
                f"everything {who} said about {cause} {made_me}",
                f"both {cause} and {second} {made_me}",
                f"much of what {who} said {draw.one(scenes.TIMES)} {made_me}",
                f"{who} told us something {draw.one(scenes.TIMES)} that {made_me}",
                f"{cause} did, {draw.one(_ASIDES)}, {make(draw, emotion)}",
                f"I didn't sleep much because {cause} {made_me}"
                if emotion in ("sadness", "anger", "fear") else f"I know that {cause} {made_me}",
            )
        )  # fmt: skip
    return sentence(draw.opener(0.15) + text), (emotion,)


def reported(draw: Draw) -> Labelled:
    """A feeling inside a claim that is refused, or confirmed."""
    emotion = draw.one(FELT)
    x, cause, who = feeling(draw, emotion), draw.one(scenes.CAUSES), draw.one(scenes.WHO)
    made_me, make_me = made(draw, emotion), make(draw, emotion)
    did, place = draw.one(scenes.WHO_DID), draw.one(scenes.PLACES)
    occasion = draw.one(scenes.OCCASIONS)
    if draw.chance(0.4):
        text = draw.one(
            (
                f"nobody who {did} would doubt that I was {x}",
                f"whoever told you that {cause} {made_me} was right",
                f"it is perfectly true that {cause} {made_me}",
                f"you don't have to have been at {occasion} to see that I'm {x}",
                f"nothing more than {cause} was needed to {make_me}",
                f"I don't care who knows it: {cause} {made_me}",
                f"{who} did not mean to {make_me}, but that is what happened",
                f"there is nobody in {place} who doubts that I am {x}",
            )
        )
        return sentence(text), (emotion,)
    text = draw.one(
        (
            f"nobody who {did} would call me {x}",
            f"nobody who {did} would say that {cause} {made_me}",
            f"it takes more than {cause} to {make_me}",
            f"hearing about {cause} and then talking to {who} wasn't enough to {make_me}",
            f"I am not going to sit in {place} and be {x} about {cause}",
            f"it never occurred to me, or to anyone who {did}, to be {x}",
            f"whoever told you that {cause} {made_me} was wrong",
            f"it is simply not true that {cause} {made_me}",
            f"{who} did everything to {make_me}, and it did not work",
            f"the idea that {cause} {made_me} is nonsense",
            f"I don't see why {who} thinks that I am {x}, when I am nothing of the sort",
        )
    )
    left = LEFT[emotion]
    return sentence(text), (*left, "neutral") if left == ("sadness",) else left
