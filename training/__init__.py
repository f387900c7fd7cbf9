"""Train networks on labelled texts, judge them, and make bundles of them.

At the top stands training itself, `training.train` first: configuration, data, losses, the loop,
its state, and `training.predict`, which runs what came out. Around it:

- what it learns from: `sources` reads data sets, `phrases` writes sentences, `augmenting` makes
  more of both, `networks` builds what learns;
- what becomes of it: `judging` says how good it is, `behaviour` what it must be able to do,
  `bundling` makes a bundle of it;
- beside it: `exploring` looks at data before, `drawing` has charts and pages, `dialogue` trains on
  whole conversations.
"""
