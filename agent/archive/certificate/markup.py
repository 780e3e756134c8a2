"""A page as a tree, so that nothing in it is unescaped: XML that browsers read as HTML.

    e("p", "Z ", e("b", "412"), lang="ro")   -->   <p lang="ro">Z <b>412</b></p>

Names of attributes: `class_` is class, `data_x` is data-x. What no XML can hold becomes U+FFFD.
"""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

Piece = Element | str
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def e(tag: str, *children: Piece | Iterable[Piece], **attributes: object) -> Element:
    """Make an element; children may come one by one or in lists."""
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    element = Element(tag, {key: legal(str(value)) for key, value in named.items()})
    for child in children:
        for piece in [child] if isinstance(child, str | Element) else child:
            _append(element, piece)
    return element


def legal(text: str) -> str:
    return ILLEGAL.sub("\ufffd", text)


def html(root: Element) -> str:
    """Write the page. Only `meta` is empty of nature; all else is closed by a tag of its own."""
    text = tostring(root, encoding="unicode", short_empty_elements=False)
    return "<!DOCTYPE html>\n" + text.replace("></meta>", " />") + "\n"


def _append(element: Element, piece: Piece) -> None:
    if isinstance(piece, Element):
        element.append(piece)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + legal(piece)
    else:
        element.text = (element.text or "") + legal(piece)
