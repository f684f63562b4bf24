"""When, how often and from which number to call: pure rules (pacer, window, retry, carousel, breaker) and the loop
that applies them."""
