"""Building the data set for answering-machine detection, training on it, judging recordings.

``sources`` (Debian packages of recorded prompts, voices) → ``utterances`` (single phrases) → ``calls`` (what is heard in
the first seconds after the answer) → ``dataset`` (files and labels) → ``snapshots`` (what the detector measures) →
``boosting`` and ``training`` (the model and its report); ``evaluation`` judges any folder of recordings. The verbs of
``./dozvon amd`` are in ``verbs``. Nothing here runs while calls are made.
"""
