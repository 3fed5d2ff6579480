"""Where in its network something stands: the block, the part of it, and what role that plays."""

import msgspec


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where in its network an op stands, as the tape wrote it down; empty where it says nothing.

    block  name of the repeated blocks it belongs to: "transformer_blocks"
    part   what it belongs to one level below the block: "transformer_blocks.*.attn1"
    role   "attention" (its layers), "norm" (normalisation and what modulates it), "lora" (beside a layer), or ""
    """

    block: str = ""
    part: str = ""
    role: str = ""

    def inside(self, name: str) -> "Place":
        """The place of what is called `name` (dots between module names) in here."""
        part = self.part or (f"{self.block}.*.{name.partition('.')[0]}" if self.block else "")
        role = self.role
        if role not in ("norm", "lora"):
            if self.block and "norm" in name:
                role = "norm"
            elif name.startswith("attn") or ".attn" in name:
                role = "attention"
        return Place(self.block, part, role)

    def beside(self) -> "Place":
        """The place of a LoRA on the layer that stands here."""
        return Place(self.block, self.part, "lora")

    def repeated(self, name: str, path: str) -> "Place":
        """The place of repeated blocks called `name` in here, whose full name is `path`."""
        return self.inside(name) if self.block else Place(path, "", self.role)


NOWHERE = Place()
