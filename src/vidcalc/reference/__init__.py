"""The referee side: measures the published PyTorch networks themselves, to prove what vidcalc predicts.

Every network is built from its configuration on torch's *meta* device: shapes and dtypes are real, data is not, so a
14-billion-parameter model needs no memory and no weights. Needs the extra `reference` (torch, diffusers, transformers,
accelerate); nothing else in vidcalc imports this package, and importing the package itself imports no torch.

    from vidcalc.reference.verify import verify

    verify("denoiser", "WanTransformer3DModel", config, {"batch": 1, "latent": [21, 60, 104]})   # a plain dict

Command line: `python scripts/trace_network.py --help` shows a forward pass op by op with the bytes alive after each.
"""
