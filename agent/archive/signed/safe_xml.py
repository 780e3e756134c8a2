"""A stranger's XML, made a small tree of values: nothing declared, nothing fetched, bounded.

    <a:msj xmlns:a="urn:x" a="1"><bon/></a:msj>   ->   Element("msj", "urn:x", {"a": "1"}, (bon,))

Names are local names, with the namespace beside them: files exist with and without a prefix. A
document type declaration is refused, and with it every entity but the five of XML.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from agent.archive.signed.refusals import NotSigned

XML_BYTES_MAX = 8 * 1024 * 1024
ELEMENTS_MAX = 120_000  # 9,999 receipts with five rates each are 60,000
DEPTH_MAX = 8
ATTRIBUTES_MAX = 64
BETWEEN = " "  # of namespace and name; it can be in neither


@dataclass(frozen=True, slots=True)
class Element:
    name: str  # local
    namespace: str  # "" for none
    attributes: dict[str, str]  # by local name
    children: tuple["Element", ...] = ()
    text: bool = False  # letters stand between its tags

    def named(self, name: str) -> Iterator["Element"]:
        return (child for child in self.children if child.name == name)


@dataclass(frozen=True, slots=True)
class _Open:
    """An element whose end was not read yet."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def parse(content: bytes) -> Element:
    """Return the root of a document.

    Raises:
        NotSigned: it is not XML, or XML that is built to harm or to tire.
    """
    if len(content) > XML_BYTES_MAX:
        raise NotSigned("XML_TOO_LARGE", f"{len(content)} bytes of XML, {XML_BYTES_MAX} at most")
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=BETWEEN)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = tree.doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(content, True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise NotSigned("XML_BROKEN", f"the signed content is not XML: {error}") from error
    assert tree.root is not None, "expat refuses a document without a root"
    return tree.root


class _Tree:
    """What expat tells, put together; it refuses as soon as it is too much."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[_Open] = []
        self._count = 0

    def doctype(self, *_: object) -> None:
        sentence = "the signed content declares a document type, which no device does"
        raise NotSigned("XML_DOCTYPE", sentence)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENTS_MAX:
            raise NotSigned("XML_TOO_LARGE", f"more than {ELEMENTS_MAX} elements")
        if len(self._open) >= DEPTH_MAX:
            raise NotSigned("XML_TOO_DEEP", f"elements stand more than {DEPTH_MAX} deep")
        if len(attributes) > ATTRIBUTES_MAX:
            raise NotSigned(
                "XML_TOO_LARGE", f"more than {ATTRIBUTES_MAX} attributes on one element"
            )
        local = {_split(key)[1]: value for key, value in attributes.items()}
        self._open.append(_Open(name, local))

    def end(self, _: str) -> None:
        done = self._open.pop()
        namespace, name = _split(done.name)
        text = bool("".join(done.texts).strip())
        element = Element(name, namespace, done.attributes, tuple(done.children), text)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element

    def text(self, text: str) -> None:
        if not text.isspace():
            self._open[-1].texts.append(text)


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(BETWEEN)
    return namespace, local
