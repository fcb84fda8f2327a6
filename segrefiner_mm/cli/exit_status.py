"""What a command tells the shell."""

# All is done; some inputs failed, each named on stderr, and the rest is done;
# bad usage, or nothing could be done; stopped by Ctrl-C or by a termination.
DONE, SOME_FAILED, NOTHING_DONE, STOPPED = 0, 1, 2, 130
