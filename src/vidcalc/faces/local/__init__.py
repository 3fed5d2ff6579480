"""What the reader's own machine has: its card, how many, how much of it is in use, host memory.

Asked are the tools that come with the drivers (nvidia-smi, amd-smi, rocm-smi) and the system; a tool that is missing,
slow or says something else is passed over, and nothing is installed or changed.
"""

from vidcalc.faces.local.cards import Card, cards
from vidcalc.faces.local.memory import host_memory

__all__ = ["Card", "cards", "host_memory"]
