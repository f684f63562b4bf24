"""Adapters for everything the robot plays: voices, recordings, and the clips that Asterisk is given.

``speaker``      the port every voice satisfies, and the list of voices offered to users
``rhvoice`` ``espeak`` ``pyttsx3_speaker`` ``gtts_speaker``   the voices
``audio_file``   any recording -> mono samples;  ``band`` ``loudness`` ``g711``   samples -> telephone samples (pure)
``clips``        prompts -> cached 8 kHz A-law files
``subscribers``  the voices, noises and tones of the test carrier's virtual subscribers
"""
