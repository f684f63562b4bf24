"""PURE: audio frames in, facts out (voice and silence, answering machines, phrases). Hearing comes with the media leg."""
