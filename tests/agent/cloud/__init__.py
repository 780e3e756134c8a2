"""The link to the cloud, against real HTTP on loopback."""
