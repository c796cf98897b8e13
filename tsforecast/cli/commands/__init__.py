"""One file for each command, or for each subcommand: it parses, calls one workflow and shows the result."""
