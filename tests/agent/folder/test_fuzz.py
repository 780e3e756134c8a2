"""Whatever a file holds, it is a command of ours or is refused; and either way it is answered."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.commands import KINDS
from agent.folder import fiscalnet, fprint
from agent.folder.words import Ending, NotUnderstood
from config.folder import FolderSettings
from drivers.model import Problem

RATES = {"1": 21, "2": 11}
NET = FolderSettings.model_validate(
    {"device": "d", "format": "fiscalnet", "path": "/a", "answers": "/b", "vat_rates": RATES}
)
PRINT = FolderSettings.model_validate(
    {"device": "d", "format": "fprint", "path": "/a", "vat_rates": RATES, "payments": {"3": "card"}}
)
FIELD = st.one_of(
    st.sampled_from(["", "0", "1", "2", "100", "1.5", "-1", "4", "Ceai", "buc", "21%", "X", "Z"]),
    st.text(max_size=5),
)
FIELDS = st.lists(FIELD, max_size=11)
NET_ROW = st.builds(
    lambda word, fields: "^".join([word, *fields]),
    st.sampled_from([*fiscalnet.LINES, "RF"]),
    FIELDS,
)
PRINT_ROW = st.builds(
    lambda word, fields: f"{word},1,______,_,__;" + ";".join(fields),
    st.sampled_from([*fprint.LINES, "Q", "107"]),
    FIELDS,
)
SALES = st.sampled_from(["S^A^100^1000^buc^1^1", "P^1^100", "S,1,______,_,__;A;1;1;1;1;1"])


def rows(row: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    lines = st.lists(st.one_of(row, SALES), max_size=6)
    return st.one_of(st.binary(max_size=80), lines.map(lambda found: "\n".join(found).encode()))


@settings(deadline=None, max_examples=300)
@given(raw=rows(NET_ROW))
def test_any_fiscalnet_file_is_a_command_or_refused(raw: bytes) -> None:
    problem = None
    try:
        asked = fiscalnet.read(raw, NET)
        KINDS[asked.kind].payload.model_validate_json(asked.payload.model_dump_json())
    except NotUnderstood as error:
        problem = error.problem
    answered(fiscalnet.answer(Ending("a.txt", raw, {"receipt_number": 1}, problem)), problem)


@settings(deadline=None, max_examples=300)
@given(raw=rows(PRINT_ROW))
def test_any_fprint_file_is_a_command_or_refused(raw: bytes) -> None:
    problem = None
    try:
        asked = fprint.read(raw, PRINT)
        KINDS[asked.kind].payload.model_validate_json(asked.payload.model_dump_json())
    except NotUnderstood as error:
        problem = error.problem
    answered(fprint.answer(Ending("a.inp", raw, {"receipt_number": 1}, problem)), problem)


def answered(told: tuple[str, bytes], problem: Problem | None) -> None:
    _, text = told
    assert text.endswith(b"\r\n")
    assert (b"ERRCODE=" in text) or problem is None
