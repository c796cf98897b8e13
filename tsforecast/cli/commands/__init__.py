"""One file for each command: it parses, calls one workflow and shows the result."""
