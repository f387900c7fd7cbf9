"""The words of the sample journal: one person's evenings before and after a new job.

Written for this sample. `examples.generate` joins two to four sentences to an entry.
"""

from __future__ import annotations

GAPS: dict[str, tuple[str, ...]] = {
    "who": ("Mira", "Tom", "my mother", "Jonas", "the landlady", "Ruth", "my brother"),
    "where": (
        "by the river", "at the market", "in the library", "on the tram", "at the kitchen table",
        "in the stairwell", "on the long bench", "at the harbour", "in the park", "at the bakery",
    ),
    "to": (
        "to the river", "to the market", "to the library", "to the harbour", "to the bakery",
        "into town", "up the hill", "to the post office",
    ),
    "meal": ("lentil soup", "toast", "pancakes", "noodles", "a baked potato", "porridge", "fish"),
    "weather": ("Rain all day", "A bright morning", "Fog until noon", "Wind from the east", "Mild"),
    "task": ("the tax papers", "the laundry", "the broken lamp", "the letters", "the old boxes"),
}  # fmt: skip

SENTENCES: dict[str, tuple[str, ...]] = {
    "sadness": (
        "I feel so lonely in this flat.",
        "I cried {where} and hoped that nobody saw it.",
        "I miss {who} more than I can say.",
        "Another letter that says no, I feel worthless and tired.",
        "I felt sad and empty when I came home.",
        "I am disappointed in myself, nothing got done but {task}.",
        "Everything feels heavy and hopeless tonight.",
        "I feel miserable, the days are all the same.",
    ),
    "fear": (
        "I am worried about the rent.",
        "I lay awake and felt anxious until four.",
        "I'm scared that I will never find work again.",
        "I was nervous {where} and my hands shook.",
        "The doctor's letter is on the table and I am afraid to open it.",
    ),
    "joy": (
        "I am so happy tonight.",
        "I laughed with {who} {where} until my sides hurt.",
        "The new job makes me feel useful and glad.",
        "I feel wonderful, I sang on the way home.",
        "We celebrated with {meal} and I was so cheerful.",
        "I am proud of what I learnt today.",
        "What a joyful day, I enjoyed every hour of it.",
        "I feel hopeful and excited about tomorrow.",
    ),
    "love": (
        "I love {who} dearly.",
        "{who} hugged me {where} and I felt loved.",
        "I feel tender towards everybody today, even {who}.",
    ),
    "anger": (
        "{who} was rude to me {where} and I am still angry.",
        "I am furious about {task}.",
        "I hate the noise from upstairs, it makes me so angry.",
    ),
    "surprise": (
        "I was so surprised to meet {who} {where}.",
        "What a strange thing, I found {task} where I never left it, I am amazed.",
    ),
    "neutral": (
        "{weather}.",
        "Dinner was {meal}.",
        "Went {to}, then home.",
        "Did {task}.",
        "Wrote to {who}.",
        "Sat for an hour {where}.",
        "{who} came by at six.",
        "Read two chapters and went to bed at ten.",
    ),
}
