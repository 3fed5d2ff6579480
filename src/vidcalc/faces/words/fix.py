"""The words of `vidcalc fix`: what a program said, how a stage is known, what fills the GPU, what a change touches."""

from vidcalc.faces.words import N_

SAID = {
    "torch": N_("PyTorch ran out of GPU memory"),
    "async": N_("the driver's memory pool ran out (ComfyUI)"),
    "mps": N_("PyTorch ran out of memory on Apple's GPU"),
    "cuda": N_("CUDA ran out of GPU memory"),
    "windows": N_("Windows moved GPU memory into shared memory"),
    "host": N_("the host memory ran out"),
    "none": N_("nothing about memory was found in the text: the settings alone are judged"),
}

AMOUNTS = {
    "asked": N_("{size} asked for"),
    "allocated": N_("{size} allocated"),
    "capacity": N_("a GPU of {size}"),
    "free": N_("{size} free"),
    "unallocated": N_("{size} held in pieces"),
    "shared": N_("{size} in shared memory"),
}

KNOWN = {
    "trace": N_("named in the message"),
    "figures": N_("by the size that was asked for and what was allocated"),
    "order": N_("the first that has no room"),
    "peak": N_("where most is needed"),
}

REASONS = {
    "running": N_("weights of the network that runs ({component})"),
    "idle": N_("weights that only stay there meanwhile (most: {component})"),
    "activations": N_("tensors of the work itself"),
    "workspace": N_("workspaces of kernels"),
    "states": N_("gradients and optimizer states"),
    "pieces": N_("held by the allocator in pieces that nothing fits into"),
}

TOUCHES = {
    "seams": N_("tiles: faint seams"),
    "weights": N_("fewer bits"),
    "clip": N_("a smaller video"),
    "batch": N_("fewer at once"),
    "adapters": N_("adapters only"),
    "optimizer": N_("another optimizer"),
}
