"""The work: takes commands from the cloud, has them carried out once, tells the result."""
