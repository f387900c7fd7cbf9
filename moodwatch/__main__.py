"""`python -m moodwatch`, which workers are started by: the same command without a PATH."""

from moodwatch.app import main

main()
