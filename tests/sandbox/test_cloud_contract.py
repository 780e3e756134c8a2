"""docs/cloud-api.yaml against the virtual cloud, by schemathesis: the paper and the thing agree.

Every operation gets requests that fit the contract and requests that do not, over real HTTP. No
answer may be a 5xx, one the contract does not list, or of another shape than it says.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings
from schemathesis import openapi
from schemathesis.checks import CheckFunction
from schemathesis.checks import not_a_server_error as no_crash
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox.cloud.app import build_api
from sandbox.cloud.dialect import Offers
from sandbox.cloud.dialects import DIALECTS
from sandbox.cloud.request import Cloud
from sandbox.cloud.store import Store
from sandbox.cloud.waiting import Bell
from sandbox.cloud.world import HandClock, World, opened

CONTRACT = Path(__file__).parents[2] / "docs/cloud-api.yaml"
WRITTEN = yaml.safe_load(CONTRACT.read_text("utf-8"))
EXAMPLES = 5
CHECKS: list[CheckFunction] = [
    no_crash,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("contract") / "cloud.db") as world:
        yield world


def contract() -> dict[str, Any]:
    """The contract without waiting for nothing, and with the cloud's checks left on."""
    found: dict[str, Any] = copy.deepcopy(WRITTEN)
    parameters = found["components"]["parameters"]
    parameters["Prefer"]["schema"] = {"type": "string", "enum": ["wait=0"]}
    parameters["SkipValidation"]["schema"] = {"type": "string", "enum": ["0"]}
    return found


def lead_somewhere(case: Any, world: World) -> None:
    """Put in ids that exist: made-up ones are 404 and nothing else."""
    device_id = world.device()
    known = {"deviceId": lambda: device_id, "keyId": lambda: world.key("devices")[0]}
    known["commandId"] = lambda: world.portal.queue(device_id, "x_report")
    for name in set(known) & set(case.path_parameters or {}):
        case.path_parameters[name] = known[name]()
    if isinstance(case.body, dict):
        if "deviceId" in case.body:
            case.body["deviceId"] = device_id
        if "agentId" in (case.path_parameters or {}) and "agentId" in case.body:
            case.body["agentId"] = case.path_parameters["agentId"]


# Its systematic phase sends some 1,500 requests more and takes 8 s; by hand it is worth that.
RANDOM_ONLY = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}}})
schema = openapi.from_dict(contract(), config=RANDOM_ONLY)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_virtual_cloud_keeps_the_contract(case: Any, world: World) -> None:
    lead_somewhere(case, world)
    headers = {"x-api-key": world.running.api_key}
    case.call_and_validate(base_url=world.running.url, headers=headers, checks=CHECKS)


def test_the_contract_file_and_the_app_have_the_same_routes(tmp_path: Path) -> None:
    ebon = DIALECTS["ebon"]
    store = Store(str(tmp_path / "c.db"))
    tier = ebon.tiers["enterprise"]
    api = build_api(Cloud(store, HandClock(), ebon, tier, "org", 180, Offers(), Bell()))
    served = {path.replace("_id}", "Id}"): item for path, item in api.openapi()["paths"].items()}
    store.close()

    def routes(paths: dict[str, Any]) -> set[tuple[str, str]]:
        verbs = {"get", "post", "patch", "put", "delete"}
        return {(verb, path) for path, item in paths.items() for verb in verbs & set(item)}

    assert routes(served) == routes(WRITTEN["paths"])


def test_every_operation_says_whether_it_is_assumed_and_where_it_was_read() -> None:
    operations = [op for item in WRITTEN["paths"].values() for op in item.values()]
    for operation in (op for op in operations if isinstance(op, dict)):
        assumed = operation["x-amef-assumed"]
        assert operation["tags"] == ["assumed" if assumed else "documented"]
        assert assumed or operation["x-amef-source"]
