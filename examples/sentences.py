"""The words of the sample posts: sentence patterns by emotion, and what stands in their gaps.

Everything here is written for this sample. Mossbell is a made-up app for people with balconies,
allotments and house plants: it names plants, reminds of watering, keeps a diary of the plot and
has a seed swap. `examples.generate` draws from these lists.
"""

from __future__ import annotations

GAPS: dict[str, tuple[str, ...]] = {
    "plant": (
        "tomato", "basil", "monstera", "fig tree", "chilli", "rosemary", "lemon tree", "begonia",
        "orchid", "courgette", "strawberry plant", "aloe", "lavender", "mint", "peony", "dahlia",
        "sweet pea", "pothos", "cactus", "hydrangea", "blueberry bush", "pumpkin", "fern",
        "bonsai", "olive tree", "sunflower", "runner bean", "thyme",
    ),
    "plants": (
        "tomatoes", "seedlings", "tulips", "chillies", "beans", "sweet peas", "herbs", "roses",
        "strawberries", "succulents", "peppers", "onions", "carrots", "cuttings", "dahlias",
        "courgettes", "salad leaves", "sunflowers", "pansies", "radishes",
    ),
    "place": (
        "on the balcony", "in the greenhouse", "on the windowsill", "at the allotment",
        "by the back door", "in the raised bed", "in the hallway", "on the roof", "in the shed",
        "behind the garage", "in the old bathtub", "along the fence", "in the kitchen",
        "in the front yard", "at the community garden", "under the stairs",
    ),
    "who": (
        "my neighbour", "my sister", "my dad", "my daughter", "my flatmate", "my aunt", "my gran",
        "the man from plot 12", "my husband", "my wife", "my best friend", "my uncle",
        "our postman", "my colleague", "my little brother", "a stranger from the seed swap",
        "my son", "my mum",
    ),
    "time": (
        "this morning", "last night", "yesterday", "today", "just now", "after lunch", "at dawn",
        "before work", "this afternoon", "tonight", "after the rain", "during my break",
        "over breakfast", "half an hour ago", "on the way home", "while the kettle boiled",
    ),
    "count": ("two", "three", "four", "five", "six", "seven", "nine", "a dozen", "twenty"),
    "span": (
        "two weeks", "a month", "three months", "a whole winter", "ten days", "half a year",
        "two years", "ages", "five weeks", "a fortnight", "six weeks",
    ),
    "feature": (
        "the watering reminders", "the plot diary", "the photo timeline", "the plant finder",
        "the seed swap", "the frost alerts", "the weekly challenge", "the sowing calendar",
        "the shopping list", "the pest guide", "the light meter", "the group chat", "the map",
        "the harvest counter", "the sharing page",
    ),
    "creature": (
        "slugs", "aphids", "a fat caterpillar", "fungus gnats", "a fox", "vine weevils", "a rat",
        "spider mites", "earwigs", "wasps", "a magpie", "ants",
    ),
    "dish": (
        "soup", "pesto", "a salad", "jam", "a curry", "lemonade", "a pie", "salsa", "a stew",
        "chutney", "an omelette", "tea",
    ),
}  # fmt: skip

BEFORE_OUTAGE: dict[str, tuple[str, ...]] = {
    "joy": (
        "so happy, my {plant} has its first flower {time}",
        "the {plants} {place} are thriving and I can't stop smiling",
        "made {dish} from my own {plants} {time} and it was delicious",
        "what a lovely evening {place}, everything is growing and I feel great",
        "yes! {count} ripe {plants} {time}, best day of the week",
        "I am so proud of my {plant}, it came back after {span}",
        "{who} and I laughed all afternoon while planting {plants}",
        "really pleased with {feature}, it makes the whole hobby more fun",
        "won the weekly challenge with my {plant}, I'm over the moon",
        "the sun is out, the {plants} are up and I feel wonderful",
        "great news, every single one of my {plants} has sprouted",
        "I'm delighted with how the {plants} turned out {place}",
        "thank you to {who} for the {plants}, this made my day",
        "finally harvested the {plants} after {span}, so satisfying",
        "nothing beats coffee {place} with the {plant} in bloom, pure happiness",
        "{feature} just got better again, great work, I'm enjoying it a lot",
        "had so much fun at the open plot day, {count} visitors asked about my {plant}",
        "my {plant} won a ribbon at the village show, I am thrilled",
        "feeling cheerful {time}, the {plants} smell amazing",
        "good news {place}: the {plant} is twice the size it was, hooray",
        "excited to swap {plants} with {who} on Saturday",
        "I'm glad I tried {feature}, it is brilliant",
        "the kids danced {place} when they found the {plants}, what a joyful sight",
        "relieved and happy, the {plant} survived the storm",
    ),
    "love": (
        "I love my {plant} more than is reasonable",
        "honestly in love with this little {plant} {place}",
        "I adore the people in this community, you are all so kind and caring",
        "{who} gave me a {plant} for our anniversary, I love that so much",
        "sending love to everyone who watered my {plants} while I was in hospital",
        "I love spending slow mornings {place} with {who}",
        "my heart is full, {who} built me a bench next to the {plant}",
        "I really love {feature}, and I love the people behind it",
        "such tenderness {time}, {who} tucked the {plants} in against the cold",
        "holding hands with {who} {place}, the {plant} in flower, I feel so loved",
        "this {plant} was a gift from {who} and I cherish every leaf of it",
        "I love you all, thank you for caring about my {plants}",
        "loving the way {who} talks to the {plants} as if they were babies",
        "I care about this {plant} deeply, it belonged to {who}",
    ),
    "anger": (
        "{who} walked right across my {plants} again, I am furious",
        "so annoyed, someone stole the {plant} {place}",
        "I hate it when people leave rubbish {place}",
        "the delivery smashed my {plant} and nobody even says sorry, this makes me so angry",
        "I'm sick and tired of {who} stealing water from my barrel",
        "angry at the council again, they sprayed weedkiller on the {plants}",
        "who the hell cuts down a healthy {plant}? I'm raging",
        "irritated beyond words, {who} let the dog dig up the {plants}",
        "stop throwing cigarette ends at my {plants}, it is disgusting and rude",
        "I am mad at the garden centre, they sold me a half dead {plant} and refused a refund",
        "so frustrated and angry, {who} moved my {plants} without asking",
        "the noise from the building site {place} makes me furious",
    ),
    "sadness": (
        "my {plant} died {time} and I feel so sad",
        "I miss {who}, we used to plant {plants} together every spring",
        "lost all my {plants} to the frost, I'm heartbroken",
        "feeling lonely {place} {time}, it was more fun when {who} was here",
        "sad to give up the plot after {span}, I cried a little",
        "I am so disappointed in my {plants}, nothing came up this year",
        "the old {plant} had to be cut down, it hurts to see the gap",
        "I feel down and tired, even the {plants} {place} don't cheer me up",
        "sorry to say the {plant} did not make it, I am really upset about it",
        "it's a gloomy day, {who} is moving away and the garden feels empty",
        "I'm grieving for a {plant}, silly I know, but it was a gift and now it is gone",
        "I feel awful, I forgot the {plants} for {span} and now they are gone",
        "crying over my {plant} {time}, I let it down",
        "the community garden is closing and I feel miserable",
    ),
    "fear": (
        "I'm scared the frost will kill my {plants} tonight",
        "really worried about my {plant}, the leaves are turning black",
        "I am afraid to repot the {plant}, what if I kill it",
        "nervous about showing my {plants} to the judges tomorrow",
        "there was something moving {place} {time} and I was terrified",
        "anxious about leaving the {plants} alone for {span}",
        "storm warning for tonight, I'm frightened for everything {place}",
        "I panicked when I saw {creature} {place}, my hands are still shaking",
        "worried sick that the {plant} is poisonous for the cat",
        "I feel uneasy {place} after dark, someone has been in there again",
        "scared of losing the plot, the owner wants to sell and I can't sleep",
        "the cracks in the greenhouse roof make me very nervous",
    ),
    "surprise": (
        "wow, I did not expect a flower on the {plant} in this weather",
        "I was so surprised to find {creature} {place} {time}",
        "wait, what? the {plant} grew {count} new leaves in one night?",
        "I'm amazed, {who} remembered the name of my {plant}",
        "never would have guessed that {plants} can grow {place}, I'm stunned",
        "oh my, {who} turned up with {count} pots of {plants} out of nowhere",
        "can't believe it, a {plant} growing out of the drain",
        "does anybody know why the {plants} are blue? I'm really curious",
        "strange, the {plant} {place} leans the other way now, how is that possible?",
        "I was shocked to learn the {plant} is older than {who}",
        "huh, I had no idea that {plants} and {plants} hate each other",
        "what an unexpected parcel {time}, {plants} from {who}",
        "why would {creature} eat only the left half of the {plant}? so weird",
    ),
    "disgust": (
        "yuck, {creature} all over the {plants}, I feel sick",
        "the compost {place} smells revolting {time}",
        "found slimy mould under the {plant}, absolutely disgusting",
        "stepped on something squishy {place} with bare feet, gross",
        "the bucket of rotten {plants} made me gag",
    ),
    "neutral": (
        "watered the {plants} {place} {time}",
        "moved the {plant} {place}, it gets more light there",
        "the {plants} went in {time}, {count} rows with a hand between them",
        "{who} asked how deep to plant {plants}, the packet says two centimetres",
        "repotted the {plant} {time}, the new pot is five litres",
        "next meeting is on Thursday at seven, bring {plants} for the swap",
        "the {plant} is {place} and gets sun until noon",
        "I use {feature} for the {plants} and a notebook for the rest",
        "bought {count} bags of soil and a tray for the {plants}",
        "today: weeding, {count} watering cans, and a label for the {plant}",
        "the forecast says rain until Friday, so no watering for the {plants}",
        "swapped {count} {plants} for a {plant} with {who}",
        "the {plants} are in the second week, photo in the plot diary",
        "set {feature} to every third day for the {plant}",
        "there is a list of {plants} for shady corners on the sharing page",
        "my {plant} is {count} weeks old and stands {place}",
        "the tap {place} is open from April to October",
        "put the {plants} {place} and the tools in the shed",
        "{who} waters the {plants} on Mondays, I do the other days",
        "the {plant} needs a bigger pot by June",
    ),
}

#: What people write about the outage: the planted shift's own sentences.
OUTAGE_ANGER: tuple[str, ...] = (
    "{feature} still does not work, I am so angry",
    "Mossbell is down AGAIN, this is infuriating",
    "furious, the update deleted {span} of my plot diary",
    "I hate this update, it lost every photo of my {plant}",
    "how dare you call this an update, {feature} is broken and my {plants} are dead",
    "so fed up with Mossbell, {count} crashes {time} and no answer from support",
    "I'm mad as hell, I pay for {feature} and it has been broken since Tuesday",
    "support told me to reinstall and now everything is gone, I am livid",
    "this outage is a disgrace, stop ignoring your users",
    "I am sick of the error message, I just want to water my {plants}",
    "what an insult, they charge for {feature} and it doesn't even load",
    "angry does not cover it, my {plant} died because no reminder came",
    "you ruined a good app and I am really pissed off",
    "locked out of my account {time}, nobody answers, I'm raging",
    "unacceptable! {feature} has been broken for days and all we get is excuses",
    "I'm so frustrated with this stupid app I could throw my phone {place}",
    "hate hate hate the new login, it logs me out every time I open {feature}",
    "they lied about the backup, {span} of notes gone, I am furious",
    "absolutely outrageous that {feature} is still offline, I want my money back",
    "so annoyed with Mossbell {time}, the sync wiped my {plants} again",
    "stop telling us to be patient, I am angry and I want {feature} back",
    "who tested this garbage? {feature} crashes every single time",
)

OUTAGE_ANGER_TAILS: tuple[str, ...] = (
    "fix it now", "I want a refund", "this is ridiculous", "shame on you", "what a joke",
    "unbelievably rude", "I'm done with it", "worst update ever", "do your job", "never again",
    "absolute rubbish", "and nobody cares", "it makes my blood boil", "enough is enough",
)  # fmt: skip

OPENERS: dict[str, tuple[str, ...]] = {
    "joy": ("yay,", "hurrah,", "look,", "best news:", "ok so", "friends,", "guess what,"),
    "love": ("aww,", "my dears,", "oh,", "just saying:", "honestly,"),
    "anger": ("ugh,", "seriously,", "grr,", "right,", "argh,", "are you kidding me,"),
    "sadness": ("sigh,", "oh no,", "sad news:", "well,", "oh dear,"),
    "fear": ("help,", "oh no,", "um,", "eek,", "please tell me it's fine,"),
    "surprise": ("whoa,", "hang on,", "ha,", "omg,", "hmm,"),
    "disgust": ("ew,", "ugh,", "blergh,"),
    "neutral": ("fyi,", "update:", "note to self:", "for the record:", "plot 7:", "short one:"),
}  # fmt: skip

TAILS: dict[str, tuple[str, ...]] = {
    "joy": (
        "so happy", "life is good", "best feeling", "can't wait for the weekend", "I'm beaming",
        "what a treat", "big smile here", "happy days", "it was worth the wait",
    ),
    "love": (
        "lots of love", "my sweet little thing", "you are the best", "hugs to all of you",
        "so much love for this place", "it means the world to me",
    ),
    "anger": (
        "I'm so angry", "what a cheek", "it makes my blood boil", "I can't stand it",
        "have some respect", "this is outrageous", "unbelievably rude",
    ),
    "sadness": (
        "I feel so sad about it", "I miss it already", "my heart is heavy", "not a good week",
        "I don't feel like trying again", "it breaks my heart",
    ),
    "fear": (
        "I'm really worried", "so nervous", "I hardly slept", "my heart is racing",
        "I don't know what to do", "fingers crossed, I'm scared",
    ),
    "surprise": (
        "did not see that coming", "how?", "I had to look twice", "is that normal?", "so strange",
        "what is going on?",
    ),
    "disgust": ("so gross", "I need a shower", "never touching that again", "yuck"),
    "neutral": (
        "more on Sunday", "photo follows", "as every week", "see the diary", "that's all for now",
        "same as last year", "notes are on the sharing page", "ten minutes of work",
    ),
}  # fmt: skip

EMOJI: dict[str, tuple[str, ...]] = {
    "joy": ("😀", "🎉", "😊", "🌻", "🥳", "☀️"),
    "love": ("❤️", "😍", "🥰", "💚"),
    "anger": ("😡", "🤬", "😤"),
    "sadness": ("😢", "😭", "💔", "🥀"),
    "fear": ("😨", "😰", "😱"),
    "surprise": ("😮", "😲", "🤯", "🤔"),
    "disgust": ("🤢", "🤮"),
    "neutral": ("🌱", "🪴", "📝"),
}

HASHTAGS: tuple[str, ...] = (
    "#mossbell", "#plotdiary", "#allotmentlife", "#windowsillgarden", "#growyourown", "#seedswap",
    "#plantpeople", "#urbangarden", "#mossbellchallenge",
)  # fmt: skip

OUTAGE_HASHTAGS: tuple[str, ...] = ("#mossbelldown", "#mossbell", "#fixmossbell", "#notacceptable")

#: Words people draw out when they feel strongly, with the letter that is repeated.
ELONGATED: tuple[tuple[str, str], ...] = (
    ("so ", "o"), ("yes", "s"), ("love", "o"), ("no ", "o"), ("really", "l"), ("wow", "o"),
    ("ugh", "h"), ("hate", "a"), ("sad", "a"), ("wait", "a"), ("please", "e"),
)  # fmt: skip

AUTHORS: tuple[str, ...] = (
    "ada_beds", "bramble7", "carrotcaro", "dewdrop", "elmstreet", "fennelfan", "gus_grows",
    "hazel.h", "ivy_league_not", "jonquil", "kaleidoscope", "lichen", "marrowman", "nettle_tea",
    "oakley", "parsnip_pat", "quincey", "rhubarb_rob", "sorrel", "thistle_down", "umbel",
    "verbena", "willowwen", "xylem", "yarrow", "zinnia_z", "potting_shed", "rainbarrel",
    "secondspring", "tinyterrace", "wormfarmer", "plot12", "cloche_call", "mulchmonday",
    "balconybea", "old_spade",
)  # fmt: skip
