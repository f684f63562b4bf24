"""The manual's sections as lists of what there is: campaigns, segments, scenarios, calls, statistics, telephony, finance."""
