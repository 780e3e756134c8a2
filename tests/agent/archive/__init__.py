"""The archive: signed files, readers, the index, the certificate."""
