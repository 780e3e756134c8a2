"""The key systems the virtual cloud speaks: one file each, none special to the rest.

ebon      ebon_live_<orgId>_<32 hex>      nine scopes; the documented receipts and reports
elebne    (pk|sk)_(test|live)_<32 hex>    X-Idempotency-Key, an allow-list, rotation
esnad     zatca_(test|live)_<32 hex>      a default unit, no scopes, keys over the API
sbs       (sak|alsak|aak)_<40 hex>        GraphQL, scopes by operation
"""

from sandbox.cloud.dialect import Dialect
from sandbox.cloud.dialects.ebon import Ebon
from sandbox.cloud.dialects.elebne import Elebne
from sandbox.cloud.dialects.esnad import Esnad
from sandbox.cloud.dialects.sbs import Sbs

DIALECTS: dict[str, Dialect] = {one.name: one for one in (Ebon(), Elebne(), Esnad(), Sbs())}
