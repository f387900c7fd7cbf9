"""One spelling for words with letters drawn out: "sooo" is "so", "gooood" is "good".

A letter three times in a row is drawn out: no English word has one. How often the word has it
otherwise, once or twice, is looked up; once where nobody knows. What the drawing out says, more of
the feeling, is lost; what an encoder makes of the pieces "ha", "##aa", "##ate" is worse.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_RUN: Final = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
#: "Henry VIII" and kisses, "xxx".
_ROMAN: Final = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})", re.IGNORECASE)
#: More runs in one word than this are no word.
_MOST_RUNS: Final = 8
_ENDINGS: Final = ("s", "es", "ed", "er", "est", "in", "ing", "y", "ly", "ness", "ful")
#: Where the word itself ends in "e": "agreed", not "coold".
_BEHIND_E: Final = ("ed", "er")

#: Common words with a letter twice in a row where somebody may draw it out, without their endings.
_WORDS: Final = """
abbey accept access accident accommodate according account accuse across actually add addict
addicted addiction affair affect affection afford afternoon agree agreed agreement all allow
announce annoy appalled appear apple apply appreciate arrange arrest arrive arrogant asleep ass
assess attack attempt attend attitude attract attractive awfully aww baggage bagger ball banner
barrel basically bass batter battery battle beautifully bee been beep beer beginner beginning
bell belly berry better between bigger biggest bill bitten bitter bizarre bleed bless blogger
blood bloody bloom blooper bobby boo boohoo book booking boom boot borrow boss bottle bottom
brass breed breeze brilliant brittle brood brr bubble buddy buff bull bully bummed bummer bunny
business butter button buzz call cannot career carefully carry cell channel chatting cheek cheer
cheers cheese cherry chess childhood chill choose choosing chubby clapping class classic cobble
coffee coffin collect college comment committee common communicate connect coo cook cookie
cooking cool correct cotton creek creep creepy cross cuff cupping current cutting daddy deed
deep deer degree dell depress different difficult digging dinner disagree disagreement
disappoint discuss discussion dizzy doll dollar doom doomed door dress drill dripping drizzle
drool drop dropped dull dunno dweeb eddy effect effort egg embarrassed embarrassing employee err
error especially essay eww fall fee feed feel feeling feet fell ferry fill finally fitness
fitting fizz flee flipping floor fluff follow follower food fool foolish foot football forgotten
free freedom freeze freezing full funnier funny furry fuss fuzzy geek geez getting giddy giggle
gimme glass glee gloom goddess gonna good goodbye goodness goodnight goof google goon gorilla
gotta gotten grammar granddad granny greed green greet grill groom gross grr guess gutted hall
halloween hammer happen happened happier happily happiness happy hassle heel hell hellish hello
helpless hiccup hill hippo hippy hiss hitting hmm hobby hollow homeless hood hook hoop hooray
hoot hopefully hopeless horrible horrid horror hotter hottest huff hugger hugging hurrah hurray
hurry igloo ill immediate impossible impress impressive indeed inner innocent install issue jazz
jeep jeez jelly jogging juggle keen keep kettle kidding kill kiss kitten kitty knee less lesson
letter letting literally litter little lobby loo look loop loose loss lottery madness mall
manner married marry mass massive matter meet meeting mellow merry mess message messy middle
million mirror miss misunderstood mitten mmm moccasin mommy moo mooch mood moon muddy mugging
mummy nagging nanny nappy narrow necessary need needy noodle noon nutty obsess occasion occur
odd off offend offer office ooh oops ooze opposite outdoor pass passion pattern patty peek peel
peep penny pepper petty pff pill pillow piss pissed pizza pointless poll poo pooch pool poop
poor poppy possible possibly potter press pretty princess proceed process proof psst puddle puff
pull puppies puppy purr putting puzzle queen queer quitting rabbit really recommend reddit reek
reel regardless restless ripped roll roof room root rotten rubber rubbish runner running saddle
sadness school schooling scoff scoop scrabble screen see seed seeing seek seem seen selfless
sell setting settle shall shampoo shattered sheep sheet shell shh shipping shitty shook shoot
shopped shopper shopping shutting silly sitting sizzle skill skinny skipping skull sleep sleepy
slipper sloppy small smell smooth smoothie snapped sneeze sniff snooze snuggle soccer soon
soothe sorrow sorry speech speed spell spill spooky spoon spotted spree squeeze squirrel staff
steel steep stiff still stood stool stopped stopping strawberry street stress struggle stubborn
stuff succeed success sudden suffer suggest summer sunny supper support suppose sweep sweet
sweetie swimming swoop swoosh tall tasteless tattoo teddy teen teeth tell tennis terrible
terrific terrified three thrill till tomorrow too took tool tooth toss totally traffic trapped
tree trigger tripping troll trolling troop tummy tunnel twee tweet twitter ugh umbrella
understood unhappy unless upper upset useless usually utter utterly valley village voodoo waffle
wall walled wanna wedding wee weed week weekday weekend weep well whee wheel whipped whoo whoosh
wiggle will willing winner winning wobble wonderfully woo wood woof woohoo wool woosh worried
worry worthless wrapped written yahoo yell yellow yippee yummy zipper zoo zoom
"""
_DOUBLED: Final = frozenset(_WORDS.split())


def shorten(text: str) -> str:
    """Return the text with letters that are drawn out as often as their word has them.

    A word of one letter alone ("mmmm", "zzz") keeps three.
    """
    if _RUN.search(text) is None:
        return text
    return _WORD.sub(lambda found: _shortened(found[0]), text)


def _shortened(word: str) -> str:
    runs = list(_RUN.finditer(word))
    if not runs or _ROMAN.fullmatch(word):
        return word
    if len(runs) > _MOST_RUNS or len(set(word.lower())) == 1:
        return _RUN.sub(lambda run: run[0][:3], word)
    between = [word[a:b] for a, b in zip([0, *(run.end() for run in runs)],
                                         [*(run.start() for run in runs), len(word)],
                                         strict=True)]  # fmt: skip
    spellings = [
        between[0]
        + "".join(run[0][:n] + rest for run, n, rest in zip(runs, times, between[1:], strict=True))
        for times in product((1, 2), repeat=len(runs))
    ]
    known = (spelling for spelling in reversed(spellings) if _is_doubled(spelling.lower()))
    return next(known, spellings[0])


def _is_doubled(word: str) -> bool:
    if word in _DOUBLED:
        return True
    if word[-2:] in _BEHIND_E and word[:-1] in _DOUBLED:
        return True
    stems = ((word[: -len(ending)], ending) for ending in _ENDINGS if word.endswith(ending))
    # Two letters that only meet where the ending begins are one drawn out: "reallyy".
    return any(stem in _DOUBLED and stem[-1] != ending[0] for stem, ending in stems)
