"""The outcomes of an attempt, and how the network's answer becomes one.

The two tables below run in numeric order. Their sources:

- SIP statuses and their names: RFC 3261 section 21 and the IANA registry of SIP response codes (607: RFC 8197, 608:
  RFC 8688). A status that is not listed counts as x00 of its class (RFC 3261, 8.1.3.2).
- Causes: ITU-T Q.850. A cause that is not listed counts as the "unspecified" one of its class: 31 below 32, 47 below
  48.
- Between the two: RFC 3398 section 8.2.6.1 (causes to statuses), and what Asterisk 22.10.1 (``res_pjsip``) makes of a
  status where it reports a cause only: 302 → 23, 401/403/407/603 → 21, 404/485/604 → 1, 408 → 18, 409 →
  41, 410 → 22, 420 → 3, 480/483 → 19, 484 → 28, 486/600 → 17, 488/606 → 58, 500 → 38, 501 → 29, 502 → 27, 503 and other
  5xx → 34, 504 → 102, the rest → 127. That loses much (480 becomes 19, the same as "rang, nobody came"), so a final SIP
  status wins over a cause where both are known.

Deliberate departures from RFC 3398: 26 (another device answered) is no wrong number but nobody at this one; 3 (no
route) without a SIP status is how Asterisk reports our own routing at fault, so it is ``FAILED`` and not a wrong
number.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    """The number exists, but its telephone is off, out of coverage or out of order, or nothing came back at all."""
    INVALID_NUMBER = "invalid_number"
    DECLINED = "declined"
    CONGESTION = "congestion"
    FAILED = "failed"
    """The network, the trunk or we ourselves could not make the call; says nothing about the contact."""


_SIP: dict[int, tuple[Outcome, str]] = {
    300: (Outcome.FAILED, "Multiple Choices"),
    301: (Outcome.FAILED, "Moved Permanently"),
    302: (Outcome.FAILED, "Moved Temporarily"),
    305: (Outcome.FAILED, "Use Proxy"),
    380: (Outcome.FAILED, "Alternative Service"),
    400: (Outcome.FAILED, "Bad Request"),
    401: (Outcome.FAILED, "Unauthorized"),
    402: (Outcome.FAILED, "Payment Required"),
    403: (Outcome.DECLINED, "Forbidden"),
    404: (Outcome.INVALID_NUMBER, "Not Found"),
    405: (Outcome.FAILED, "Method Not Allowed"),
    406: (Outcome.FAILED, "Not Acceptable"),
    407: (Outcome.FAILED, "Proxy Authentication Required"),
    408: (Outcome.UNREACHABLE, "Request Timeout"),
    410: (Outcome.INVALID_NUMBER, "Gone"),
    413: (Outcome.FAILED, "Request Entity Too Large"),
    414: (Outcome.FAILED, "Request-URI Too Long"),
    415: (Outcome.FAILED, "Unsupported Media Type"),
    416: (Outcome.FAILED, "Unsupported URI Scheme"),
    420: (Outcome.FAILED, "Bad Extension"),
    421: (Outcome.FAILED, "Extension Required"),
    422: (Outcome.FAILED, "Session Interval Too Small"),
    423: (Outcome.FAILED, "Interval Too Brief"),
    433: (Outcome.DECLINED, "Anonymity Disallowed"),
    480: (Outcome.UNREACHABLE, "Temporarily Unavailable"),
    481: (Outcome.FAILED, "Call/Transaction Does Not Exist"),
    482: (Outcome.FAILED, "Loop Detected"),
    483: (Outcome.FAILED, "Too Many Hops"),
    484: (Outcome.INVALID_NUMBER, "Address Incomplete"),
    485: (Outcome.INVALID_NUMBER, "Ambiguous"),
    486: (Outcome.BUSY, "Busy Here"),
    487: (Outcome.NO_ANSWER, "Request Terminated"),
    488: (Outcome.FAILED, "Not Acceptable Here"),
    491: (Outcome.FAILED, "Request Pending"),
    493: (Outcome.FAILED, "Undecipherable"),
    494: (Outcome.FAILED, "Security Agreement Required"),
    500: (Outcome.FAILED, "Server Internal Error"),
    501: (Outcome.FAILED, "Not Implemented"),
    502: (Outcome.FAILED, "Bad Gateway"),
    503: (Outcome.CONGESTION, "Service Unavailable"),
    504: (Outcome.FAILED, "Server Time-out"),
    505: (Outcome.FAILED, "Version Not Supported"),
    513: (Outcome.FAILED, "Message Too Large"),
    580: (Outcome.FAILED, "Precondition Failure"),
    600: (Outcome.BUSY, "Busy Everywhere"),
    603: (Outcome.DECLINED, "Decline"),
    604: (Outcome.INVALID_NUMBER, "Does Not Exist Anywhere"),
    606: (Outcome.FAILED, "Not Acceptable"),
    607: (Outcome.DECLINED, "Unwanted"),
    608: (Outcome.DECLINED, "Rejected"),
}

_Q850: dict[int, tuple[Outcome, str]] = {
    1: (Outcome.INVALID_NUMBER, "unallocated number"),
    2: (Outcome.FAILED, "no route to transit network"),
    3: (Outcome.FAILED, "no route to destination"),
    4: (Outcome.UNREACHABLE, "special information tone"),
    5: (Outcome.INVALID_NUMBER, "misdialled trunk prefix"),
    6: (Outcome.FAILED, "channel unacceptable"),
    7: (Outcome.FAILED, "call awarded on an established channel"),
    8: (Outcome.CONGESTION, "preemption"),
    16: (Outcome.NO_ANSWER, "normal clearing"),
    17: (Outcome.BUSY, "user busy"),
    18: (Outcome.UNREACHABLE, "no user responding"),
    19: (Outcome.NO_ANSWER, "no answer"),
    20: (Outcome.UNREACHABLE, "subscriber absent"),
    21: (Outcome.DECLINED, "call rejected"),
    22: (Outcome.INVALID_NUMBER, "number changed"),
    23: (Outcome.FAILED, "redirection to new destination"),
    25: (Outcome.FAILED, "exchange routing error"),
    26: (Outcome.NO_ANSWER, "answered elsewhere"),
    27: (Outcome.UNREACHABLE, "destination out of order"),
    28: (Outcome.INVALID_NUMBER, "invalid number format"),
    29: (Outcome.FAILED, "facility rejected"),
    30: (Outcome.FAILED, "response to status enquiry"),
    31: (Outcome.UNREACHABLE, "normal, unspecified"),
    34: (Outcome.CONGESTION, "no circuit available"),
    38: (Outcome.FAILED, "network out of order"),
    41: (Outcome.CONGESTION, "temporary failure"),
    42: (Outcome.CONGESTION, "switching equipment congestion"),
    43: (Outcome.FAILED, "access information discarded"),
    44: (Outcome.CONGESTION, "requested channel not available"),
    46: (Outcome.CONGESTION, "precedence call blocked"),
    47: (Outcome.CONGESTION, "resource unavailable"),
    50: (Outcome.FAILED, "facility not subscribed"),
    52: (Outcome.FAILED, "outgoing calls barred"),
    54: (Outcome.DECLINED, "incoming calls barred"),
    55: (Outcome.DECLINED, "incoming calls barred within group"),
    57: (Outcome.FAILED, "bearer capability not authorised"),
    58: (Outcome.FAILED, "bearer capability not available"),
    65: (Outcome.FAILED, "bearer capability not implemented"),
    66: (Outcome.FAILED, "channel type not implemented"),
    69: (Outcome.FAILED, "facility not implemented"),
    79: (Outcome.FAILED, "service not implemented"),
    81: (Outcome.FAILED, "invalid call reference"),
    88: (Outcome.FAILED, "incompatible destination"),
    95: (Outcome.FAILED, "invalid message"),
    96: (Outcome.FAILED, "mandatory element missing"),
    97: (Outcome.FAILED, "message type not implemented"),
    98: (Outcome.FAILED, "message not compatible with call state"),
    99: (Outcome.FAILED, "element not implemented"),
    100: (Outcome.FAILED, "invalid element contents"),
    101: (Outcome.FAILED, "message in wrong call state"),
    102: (Outcome.FAILED, "recovery on timer expiry"),
    103: (Outcome.FAILED, "mandatory element length"),
    111: (Outcome.FAILED, "protocol error"),
    127: (Outcome.FAILED, "interworking, unspecified"),
}

_TERMINATED = 487
_REQUEST_TIMEOUT = 408
_AFTER_CANCEL = frozenset({408, 480})
"""Beside 487, what a called party's side was seen to answer to our CANCEL (Asterisk: 480, in one call of fifteen)."""
_NO_USER_RESPONDING = 18
"""What 408 becomes when Asterisk reports a cause only."""


def _by_sip(sip: int) -> Outcome:
    return _SIP[sip if sip in _SIP else sip // 100 * 100][0]


def _by_q850(q850: int) -> Outcome:
    if q850 in _Q850:
        return _Q850[q850][0]
    if 0 < q850 < 32:
        return _Q850[31][0]
    return _Q850[47][0] if 32 <= q850 < 48 else Outcome.FAILED


def classify(
    *,
    answered: bool,
    q850: int = 0,
    sip: int = 0,
    timed_out: bool = False,
    cancelled: bool = False,
    ringing: bool = False,
    early_media: bool = False,
) -> Outcome:
    """The outcome of an ended attempt. Total: every combination, and every integer, has one.

    ``sip`` is the final status or 0, ``q850`` the cause or 0. ``timed_out``: we gave up after the answer timeout;
    ``cancelled``: we gave up for a reason of our own (campaign stopped, engine going down), which is ``FAILED``
    unless the network had already said something final. ``ringing`` and ``early_media`` only tell whether the far end
    was ever reached; neither is an answer. A time-out without either and without any SIP status means that nothing
    came back at all: ``UNREACHABLE``, which a circuit breaker looks at.
    """
    if answered:
        return Outcome.ANSWERED
    reached = ringing or early_media
    if timed_out and reached and sip in _AFTER_CANCEL:
        return Outcome.NO_ANSWER
    if 300 <= sip < 700 and sip != _TERMINATED:
        return Outcome.NO_ANSWER if sip == _REQUEST_TIMEOUT and reached else _by_sip(sip)
    if cancelled:
        return Outcome.FAILED
    if sip == _TERMINATED:  # confirms our own CANCEL, or the network's ringing timer ran out before ours
        return Outcome.NO_ANSWER
    if timed_out:
        return Outcome.NO_ANSWER if reached else Outcome.UNREACHABLE
    if q850 == _NO_USER_RESPONDING and reached:
        return Outcome.NO_ANSWER
    return _by_q850(q850)


def describe(q850: int, sip: int) -> str:
    """Text of the ``cause`` column: ``486 Busy Here / 17 user busy``; a part that is not known (0) is left out."""
    parts = []
    if sip:
        parts.append(f"{sip} {_SIP[sip][1]}" if sip in _SIP else str(sip))
    if q850:
        parts.append(f"{q850} {_Q850[q850][1]}" if q850 in _Q850 else str(q850))
    return " / ".join(parts) or "no cause"
