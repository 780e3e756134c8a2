"""What the printers remember, kept: X and Z as data, MF, JE, and the signed files for ANAF.

    device --reader--> je_document, z_row --seal--> document + store     (read between sales)
    stick, folder --intake--> signed/: checked ------> document + store  (verbatim)
    document --archived event--> the cloud                               (agent/cloud/archive_up.py)
    z_row + document --certificate--> what is there, what is missing, and since when

The JE of the device, the signed day (`msj`) and the signed register of a month (`mReg`) are three
things, and are never mixed here: see sorts.py.
"""
