"""Frames with a negator that denies nothing: it makes the feeling stronger, or stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes, words
from training.phrases.draw import FELT, Draw, more, sentence
from training.phrases.negation import Labelled
from training.phrases.scenes import feeling, make

_NICE: Final = (
    "the holidays", "my birthday", "the concert on Saturday", "our trip to Rome", "the new season",
    "the weekend", "the reunion", "her homecoming", "the first day of summer", "the match tonight",
    "the baby's arrival", "pizza night", "the festival",
)  # fmt: skip
_PLEASURE: Final = (
    "a morning by the sea", "a long walk with the dog", "cooking for my friends", "a good book",
    "the smell of fresh bread", "dancing in the kitchen", "singing in the choir",
    "my grandchildren at the door", "the first snow", "an evening by the fire", "a hot bath",
    "Sunday breakfast in bed", "a day without meetings", "hearing my kids laugh",
)  # fmt: skip
_LOVED: Final = (
    "you", "him", "her", "my wife", "my husband", "my daughter", "my son", "my grandma", "my dog",
    "my little sister", "my girlfriend", "my boyfriend", "these two",
)  # fmt: skip
_BODY: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": ("crying", "sobbing", "weeping", "tearing up", "staring at the wall in tears"),
    "joy": ("smiling", "grinning", "laughing", "dancing around the room", "beaming", "humming"),
    "anger": ("shouting", "fuming", "cursing", "clenching my fists", "slamming doors"),
    "fear": ("shaking", "trembling", "worrying", "looking over my shoulder", "panicking"),
    "surprise": ("gaping", "blinking in disbelief", "asking myself whether that really happened"),
    "love": ("thinking of her kiss", "gazing at him", "kissing her", "holding him close"),
}


def raised(draw: Draw) -> Labelled:
    """A feeling that a negator raises or insists on."""
    emotion = draw.one(FELT)
    single = [word for word in scenes.FEELINGS[emotion] if " " not in word]
    one, two = draw.order.sample(sorted(set(single)), 2)
    event, cause = draw.one(scenes.EVENTS[emotion]), draw.one(scenes.CAUSES)
    plain = draw.one([word for word in single if word not in words.EXTREMES])
    text = draw.one(
        (
            f"I couldn't be {more(plain)} about {cause}",
            f"I have never been so {one} in my life",
            f"never have I been so {one} about {cause}",
            f"never in all my years have I felt this {one}",
            f"no doubt about it, {cause} left me {one}",
            f"there is no doubt that I'm {one} about {cause}",
            f"without a doubt {cause} made me feel {one}",
            f"I am not only {one} but also {two} about {cause}",
            f"not only did {cause} make me feel {one}, it left me {two} for days",
            f"I'm not just {one}, I'm {two}",
            f"no wonder I'm {one}: {event}",
            f"it's no wonder that I am so {plain}: {event}",
            f"not a day goes by without {cause} making me feel {one}",
            f"hardly a day passes on which I'm not {one} about {cause}",
            f"no words can describe how {one} I am about {cause}",
            f"I can't tell you how {one} I am",
            f"you have no idea how {one} {cause} left me",
            f"there is no denying that I was {one}, {event}",
            f"I don't mind admitting that I was {one} about {cause}",
            f"not gonna lie, I'm {one} about {cause}",
            f"I won't deny it, I am {one}: {event}",
            f"no matter what anybody says about {cause}, I am {one}",
            f"I can't help but feel {one} about {cause}",
            f"it is impossible not to feel {one} about {cause}",
            f"nobody is {more(plain)} about {cause} than I am",
            f"I never knew I could be this {one}",
            f"don't tell me I have no right to be {one}; {event}",
            f"I still can't get over how {one} {cause} made me feel",
            f"{cause} never fails to {make(draw, emotion)}"
            if cause.startswith(("the article", "the song", "the photos", "the story"))
            else f"there's nothing left to say except that I'm {one}",
        )
    )  # fmt: skip
    return sentence(draw.opener(0.15) + text), (emotion,)


def bodily(draw: Draw) -> Labelled:
    """'I can't stop smiling since the scan came back clear.'"""
    emotion = draw.one(scenes.ALL)
    body = draw.one(_BODY[emotion])
    event = draw.one(scenes.EVENTS[emotion])
    text = draw.one(
        (
            f"I can't stop {body}",
            f"I can't stop {body} because {event}",
            f"{event} and I haven't stopped {body} since",
            f"I couldn't help {body}: {event}",
            f"I don't think I will ever stop {body}",
            f"{draw.one(scenes.TIMES)} {event}, and I cannot stop {body}",
            f"there is no way to stop me {body}",
        )
    )
    return sentence(draw.opener(0.3) + text), (emotion,)


def particular(draw: Draw) -> Labelled:
    """Sayings that hold a negator and belong to one emotion."""
    emotion = draw.one((*scenes.ALL, "joy", "love"))
    nice, pleasure, loved = draw.one(_NICE), draw.one(_PLEASURE), draw.one(_LOVED)
    who, cause, x = draw.one(scenes.WHO), draw.one(scenes.CAUSES), feeling(draw, emotion)
    of: dict[str, tuple[str, ...]] = {
        "joy": (
            f"I can't wait for {nice}", f"I just cannot wait until {nice}",
            f"we can hardly wait for {nice}", f"nothing makes me happier than {pleasure}",
            f"there's nothing better than {pleasure}", f"don't you just love {pleasure}?",
            f"who doesn't love {pleasure}?", f"I couldn't ask for more than {pleasure}",
            f"{pleasure} never fails to cheer me up", f"you can't beat {pleasure}",
            f"I wouldn't trade {pleasure} for anything", f"can't get enough of {pleasure}",
            f"I can't remember when I last had so much fun, thanks to {who}",
            f"not even the rain could spoil {nice}", f"never been so proud of {loved}",
            f"not bad at all, {nice} was a dream", f"no better feeling than {pleasure}",
            f"{who} and I could not stop laughing {draw.one(scenes.TIMES)}",
        ),
        "love": (
            f"no one could love {loved} more than I do",
            f"not a day goes by without me thinking how much I love {loved}",
            f"there is nothing I wouldn't do for {loved}",
            f"I never want to let go of {loved}", f"I can't live without {loved}",
            f"I have never loved anyone the way I love {loved}",
            f"nobody holds me the way {draw.one(('he does', 'she does', 'you do'))}",
            f"nothing in this world means more to me than {loved}",
            f"I couldn't love {loved} more if I tried", f"I can't stop kissing {loved}",
            f"no distance could ever make me love {loved} less",
            f"I don't just like {loved}, I am in love",
        ),
        "anger": (
            f"I can't believe {who} had the nerve to blame me",
            f"I won't put up with {who} any longer", f"I can't stand {who}",
            f"nobody treats me like {who} just did and gets away with it",
            f"don't even get me started on {cause}", f"I have never seen such insolence as {cause}",
            f"{who} couldn't even be bothered to apologise", f"not once did {who} say sorry to me",
            f"{who} has no shame at all", f"I don't care what {who} says, this is outrageous",
            f"no respect whatsoever from {who}", f"I've never been treated so rudely by {who}",
        ),
        "sadness": (
            "I can't get over losing her", f"not a day goes by without me missing {loved}",
            f"nothing will ever be the same without {loved}",
            f"I can't bear living without {loved}",
            "nobody knows how lonely my nights are", f"I never got to say goodbye to {loved}",
            "I have nobody left to talk to", "no one came, and no one will",
            f"nothing can fill the hole that {loved} left behind" if loved not in ("him", "her")
            else "nothing can fill the hole in my heart",
            f"I can't look at the photos of {loved} without crying",
            f"not a single card from {who}, and it hurts",
            "I don't see the point of it all any more",
        ),
        "fear": (
            f"I can't sleep for worry about {cause}", "I don't dare to open the door",
            "I can't shake the feeling that someone is watching me",
            f"I can't go on with {cause} hanging over me, my hands are shaking",
            "I couldn't move, I couldn't even scream", "I don't feel safe in this house",
            f"never before have my knees shaken as they did when {who} called my name",
            "nothing could get me to go down into that cellar again",
            "I can't breathe when I think of the operation",
            "no way am I going in there alone at night",
        ),
        "surprise": (
            f"I never saw {cause} coming",
            f"never would I have guessed that {who} can sing like that",
            "I couldn't believe my eyes", f"not in a hundred years would I have expected {cause}",
            f"no way, did {who} really say that?!", f"I had no idea that {who} had a twin",
            f"I can't get over how much {who} has changed", f"nobody could have predicted {cause}",
            f"who would not be {x} to hear that {draw.one(scenes.EVENTS['surprise'])}?",
            "I don't believe it, out of the blue she was standing there",
        ),
    }  # fmt: skip
    if draw.chance(0.06):
        text = draw.one(
            (
                f"I couldn't agree more with {who}",
                f"{who} is not wrong there",
                f"no problem at all, {who} can have it",
                "no worries, that works for me",
            )
        )
        return sentence(draw.opener(0.5) + text), ("joy", "neutral")
    text = draw.one(of[emotion])
    if draw.chance(0.2):
        text = draw.opener(1) + text
    elif text[-1].isalpha() and draw.chance(0.3):
        text += draw.one((", honestly", ", I swear"))
    end = "" if text.endswith(("?", "!")) else draw.one((".", ".", "!"))
    return sentence(text, end), (emotion,)
