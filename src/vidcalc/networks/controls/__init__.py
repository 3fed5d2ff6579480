"""Networks that run beside a denoiser and steer it: what they give is added to its hidden states."""
