"""What is done to training texts before a network reads them: more of them, and rare emotions met.

`augment` makes texts out of those there are; `synonyms`, `protected` and `telling` know which words
may change and which carry the label. `balance` draws texts again, or weighs them.
"""
