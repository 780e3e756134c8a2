"""The shop's old habits: a folder where a till drops files, answered as the old drivers answered.

file --fiscalnet.py | fprint.py--> our own command --ledger, worker--> paper
answer <--the same-- result <--ledger--+
"""
