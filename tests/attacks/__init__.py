"""Hostile inputs, in the manner of the attacks of safetensors.

Each builds a file that is meant to do harm and gives it to the command that
reads such files. The command must say why it does not take it, and neither
run what is in it, nor write elsewhere, nor fill the memory.
"""
