"""Signed files of ANAF, read and checked; `signed_file.py` is the one entry.

bytes --cms (ber, chain)--> content --schema, safe_xml--> day_xml --day_rules, set_rules--> findings
"""
