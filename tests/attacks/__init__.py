"""Hostile inputs, each of which must fail safely.

In the manner of the ``attacks`` folder of safetensors: a test builds one
input that could do harm and hands it to the command, in a process of its own
with a limit of time and memory.
"""
