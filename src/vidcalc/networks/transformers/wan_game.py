"""Matrix-Game 2.0 and 3.0: Wan that a mouse and a keyboard steer, in the first of its blocks, between text and MLP.

The mouse's movements are joined to every token, and each place of the picture attends to itself over time; tokens then
attend over time to the keys pressed. Both have caches like self-attention's where the model goes on chunk by chunk
(2.0, shape.extra["cached_frames"]). 3.0 makes windows behind shape.extra["memory_frames"] latent frames that it
remembers, and is steered by the camera's rays too. 2.0 reads an image alone, no text.
Source: arXiv 2508.13009; SkyworkAI/Matrix-Game Matrix-Game-2/wan/modules/causal_model.py, action_module.py;
hao-ai-lab/FastVideo 0.2.1 models/dits/matrixgame3. The rest as in `wan.py`, the rays as in `wan_world.py`.
"""

from functools import partial

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.networks.transformers.wan_causal import self_attention
from vidcalc.networks.transformers.wan_world import steered
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call them as Wan's own
STRIDE, WINDOW = 4, 3  # frames of the inputs under a latent frame, latent frames whose inputs a latent frame sees
Rows = tuple[Number, Number, Number]


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names; of what steers it under its class's.

    action_layers            blocks that mouse and keyboard steer, from the first on
    mouse_dim, keyboard_dim  numbers of either a frame (no mouse: 0)
    action_width, action_heads  inside their attention;  key_width  of an embedded keyboard
    camera_in                numbers of a latent place's rays (0: no camera)
    """

    action_layers: int = 15
    mouse_dim: Number = 2
    keyboard_dim: Number = 4
    action_width: Number = 1024
    action_heads: Number = 16
    key_width: Number = 128
    camera_in: Number = 0


def whole(shape: Shape) -> Shape:
    """The window with the latent frames that are remembered."""
    return replace(shape, frames=shape.frames + shape.extra.get("memory_frames", 0))


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of a window, and of what it remembers."""
    return wan.tokens(config, whole(shape))


def cache(config: Config, shape: Shape) -> Number:
    """Elements of all keys and values that stay: of every block's tokens, and of what the mouse and the keys say."""
    if "cached_frames" not in shape.extra:
        return 0
    frames = shape.extra.get("cached_frames", 0) + shape.frames
    places = (shape.height // config.patch_size[1]) * (shape.width // config.patch_size[2])
    steering = config.action_layers * (places * (1 if config.mouse_dim else 0) + 1) * config.action_width
    return 2 * shape.batch * frames * (config.num_layers * places * config.width + steering)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """window[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    seen, batch, width = whole(shape), shape.batch, config.width
    n, frames = wan.tokens(config, seen), seen.frames
    latent = tape.input(batch, config.in_channels, frames, shape.height, shape.width)
    image = wan.image_input(tape, config, shape)
    text = None if config.image_dim else tape.input(batch, shape.tokens, config.text_dim)
    causal = "cached_frames" in shape.extra
    held = tape.input(cache(config, shape))
    before = shape.extra.get("cached_frames", 0) * (n // frames)

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, seen, latent, "patch_embedding")
    hidden = tape.copy(hidden, name="contiguous")
    per = frames if causal else n  # timesteps of a sample: one a latent frame, or one a token
    temb, projected = wan.time_embedding(tape, config, batch * per)
    temb, modulation = temb.view(batch, per, width), projected.view(batch, per, 6, width)
    with tape.scope("condition_embedder"):
        if image is not None:
            context = wan.image_embedding(tape, config, shape, image)
        elif text is not None:
            context = text_mlp(tape, text, width, "text_embedder")
    attend = partial(self_attention, tape, config, rotary=rotary, before=before) if causal else None
    steer = partial(steered, tape, config, rays(tape, config, batch, n)) if config.camera_in else None
    grid = batch, frames, n // frames
    for name, count, acts in (
        ("blocks", config.action_layers, partial(acted, tape, config, grid, before // (n // frames))),
        ("plain_blocks", config.num_layers - config.action_layers, None),
    ):
        with tape.repeat(name, count, hidden):
            hidden = wan.block(
                *(tape, config, hidden, context, modulation, rotary), attend=attend, between=steer, after=acts
            )
    del held, steer
    out = wan.unpatchify(tape, config, seen, hidden, temb)
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def rays(tape: Tape, config: Config, batch: Number, n: Number) -> Tensor:
    """Every token's camera ray, embedded once and mixed by two layers that add to it."""
    seen = tape.input(batch, n, config.camera_in * wan.patch_volume(config))
    embedded = tape.linear(seen, config.width, "patch_embedding_wancamctrl")
    first = tape.act(tape.linear(embedded, config.width, "c2ws_hidden_states_layer1"))
    mixed = tape.linear(first, config.width, "c2ws_hidden_states_layer2")
    del first
    return tape.add(embedded, mixed)


def acted(tape: Tape, config: Config, grid: Rows, before: Number, x: Tensor) -> Tensor:
    """x[batch, n, width] after the mouse and the keyboard; `before` latent frames are in their caches."""
    with tape.scope("action_model"):
        moved = mouse(tape, config, grid, before, x) if config.mouse_dim else x
        return keyboard(tape, config, grid, before, moved)


def mouse(tape: Tape, config: Config, grid: Rows, before: Number, x: Tensor) -> Tensor:
    """Each place attends over time to itself, its tokens joined with the movements of the frames before."""
    batch, frames, places = grid
    inner, heads = config.action_width, config.action_heads
    rows, joined = batch * places, config.width + STRIDE * WINDOW * config.mouse_dim
    placed = tape.copy(x, rows, frames, config.width, name="places")
    wide = tape.cat((placed,), rows, frames, joined)
    del placed
    hidden = tape.act(tape.linear(wide, inner, "mouse_mlp.0"), "gelu")
    del wide
    hidden = tape.layer_norm(tape.linear(hidden, inner, "mouse_mlp.2"), "mouse_mlp.3")
    qkv = tape.linear(hidden, 3 * inner, "t_qkv", bias=False)
    del hidden
    q, k, v = (tape.copy(qkv, rows, heads, frames, inner // heads, name="heads") for _ in range(3))
    del qkv
    out = over_time(tape, config, (q, k, v), before, "img_attn")
    del q, k, v
    merged = tape.copy(out, batch, frames * places, inner, name="places")
    del out
    return tape.add(x, tape.linear(merged, config.width, "proj_mouse", bias=False))


def keyboard(tape: Tape, config: Config, grid: Rows, before: Number, x: Tensor) -> Tensor:
    """Tokens attend over time to what was pressed in each latent frame and before it."""
    batch, frames, places = grid
    inner, heads, size = config.action_width, config.action_heads, config.action_width // config.action_heads
    # frames of the inputs: those of the latent frames, and of the window before the first
    pressed = tape.input(batch, STRIDE * (frames - 1) + 1 + STRIDE * WINDOW, config.keyboard_dim)
    with tape.scope("keyboard_embed"):
        keys = tape.linear(tape.act(tape.linear(pressed, config.key_width, "0")), config.key_width, "2")
    grouped = tape.cat((keys,), batch, frames, STRIDE * WINDOW * config.key_width)
    del pressed, keys
    q = tape.linear(x, inner, "mouse_attn_q", bias=False)
    kv = tape.linear(grouped, 2 * inner, "keyboard_attn_kv", bias=False)
    placed = tape.copy(q, batch * places, heads, frames, size, name="places")
    del q, grouped
    k, v = (tape.copy(kv, batch * places, heads, frames, size, name="expand") for _ in range(2))
    del kv
    out = over_time(tape, config, (placed, k, v), before, "key_attn")
    del placed, k, v
    merged = tape.copy(out, batch, frames * places, inner, name="places")
    del out
    return tape.add(x, tape.linear(merged, config.width, "proj_keyboard", bias=False))


def over_time(tape: Tape, config: Config, qkv: tuple[Tensor, Tensor, Tensor], before: Number, name: str) -> Tensor:
    """Attention of each row's latent frames to its own and to `before` in the cache, normed and rotated."""
    size = config.action_width // config.action_heads
    q, k = (tape.rms_norm(each) for each in qkv[:2])
    for which in ("q", "k"):
        tape.parameter(f"{name}_{which}_norm.weight", size)  # not applied in the makers' code
    q, k = tape.scale(q, "rope"), tape.scale(k, "rope")
    rows, heads, frames, _ = k.shape
    seen = (rows, heads, before + frames, size)
    return tape.attention(q, k.view(*seen), qkv[2].view(*seen), name)
