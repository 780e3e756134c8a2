"""The sandbox: virtual printers and a virtual cloud, for a desk without a shop.

    python -m sandbox printer --family datecs_x --paper paper.jsonl
    python -m sandbox cloud ...
    python -m sandbox demo ...

The wheel does not install it: what can pretend that a receipt became fiscal must not be on a
shop's machine. Every fiscal serial in here begins with SIM.
"""
