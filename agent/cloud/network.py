"""What a failed connection means, in words for the shop; and how long a certificate still lasts.

DNS · refused · reset · silence · proxy · certificate: of whom, of which name, of which days

"Certificate expired" is what a machine with a wrong clock says too. `about_time` tells the two
apart by the cloud's own `Date`, which was asked for without the key.
"""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

DAY_MS = 86_400_000
EXPIRY_WARNED_DAYS = 30
CLOCK_OFF_MS = DAY_MS
CAUSES_MAX = 20

# X509_V_ERR_* [openssl/x509_vfy.h]; Python names none of them.
NOT_YET_VALID, EXPIRED = 9, 10
OTHER_NAME = (62, 64)  # of a host, of an address
UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: all else is still checked


def in_words(error: BaseException, host: str) -> str:
    """Say what happened on the way to the cloud."""
    kind = type(error).__name__
    if kind == "ProxyError":
        return f"the proxy does not let us through: {error}"
    said = next(filter(None, (_cause_in_words(cause, host) for cause in _causes(error))), "")
    if kind == "ConnectTimeout":
        return f"{host} does not take the connection"
    if kind.endswith("Timeout"):
        return f"{host} does not answer in time ({error or kind})"
    return said or f"no whole answer from {host} ({kind}: {error})"


def _cause_in_words(cause: BaseException, host: str) -> str:
    match cause:
        case ssl.SSLCertVerificationError():
            return _certificate(cause, host)
        case ssl.SSLError():
            return f"no TLS with {host} ({cause.reason or cause}): is it the cloud?"
        case ConnectionRefusedError():
            return f"{host} refuses the connection"
        case ConnectionResetError() | BrokenPipeError():
            return f"the connection to {host} was cut"
        case OSError() if (cause.errno or 0) < 0:  # EAI_*: the resolver's
            return f"the name {host} cannot be resolved: no internet, or no DNS"
    return ""


def is_about_time(error: BaseException) -> bool:
    return any(
        isinstance(cause, ssl.SSLCertVerificationError)
        and cause.verify_code in (NOT_YET_VALID, EXPIRED)
        for cause in _causes(error)
    )


def about_time(expires_ms: int | None, *, now_ms: int, cloud_ms: int | None) -> str:
    """Say whose fault it is that a certificate is not valid today: its own, or our clock's."""
    ours = day(now_ms)
    if cloud_ms is not None and abs(cloud_ms - now_ms) > CLOCK_OFF_MS:
        return f"the clock of this machine is wrong: it says {ours}, the cloud says {day(cloud_ms)}"
    if expires_ms is not None and cloud_ms is not None and expires_ms < cloud_ms:
        return f"the cloud's certificate expired on {day(expires_ms)}"
    if expires_ms is not None and now_ms < expires_ms:
        return f"the cloud's certificate is not valid yet, or the clock here ({ours}) is wrong"
    return f"the cloud's certificate has expired, or the clock of this machine ({ours}) is wrong"


def expiry_warning(expires_ms: int | None, now_ms: int) -> str:
    """Return "" as long as the certificate lasts; a sentence when its end comes near."""
    if expires_ms is None or expires_ms - now_ms > EXPIRY_WARNED_DAYS * DAY_MS:
        return ""
    expires = "expires" if expires_ms > now_ms else "expired"
    return f"the cloud's certificate {expires} on {day(expires_ms)}"


def day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).strftime("%Y-%m-%d")


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in UNKNOWN_AUTHORITY:
        return (
            f"{host} shows a certificate from an unknown authority: does somebody listen in?"
            " If it is your own network, give its CA as cloud.ca_file"
        )
    if error.verify_code in OTHER_NAME:
        return f"who answers as {host} has a certificate of another name: is it the cloud?"
    return f"the certificate of {host} is not good: {error.verify_message}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__
