"""The shape of the work and its FLOPs: latent, tokens, the network's figures beside the documented formula's."""

from vidcalc.faces.terminal.cells import Cell, Paint, bar, hanging, table, width
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import flop, share, times, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import KINDS, STAGES, label
from vidcalc.report.estimate import Report

FEW = 0.0005  # shares below this are not worth a line


def shape(report: Report, paint: Paint, cells: int) -> list[str]:
    """Latent grid, tokens, and the denoiser's main sizes."""
    latent, sequence, built = report.latent, report.sequence, report.model.architecture
    grid = f"{latent.channels} × {latent.frames} × {latent.height} × {latent.width}"
    video, text = whole(sequence.video_tokens), whole(sequence.text_tokens)
    tokens = _("{video} video tokens, {text} text tokens", video=video, text=text)
    rows: list[list[Cell]] = [
        [_("Latent"), _("{grid} (channels × frames × height × width)", grid=grid)],
        [_("Sequence"), _("{total} in self-attention ({parts})", total=whole(sequence.total), parts=tokens)],
    ]
    if report.compute.chunks > 1:
        rows.append([_("Windows"), windows(report)])
    sizes = [
        (_("{value} layers"), built.get("num_layers")),
        (_("width {value}"), built.get("hidden_dim")),
        (_("{value} heads"), built.get("num_attention_heads")),
        (_("FFN {value}"), built.get("ffn_dim")),
    ]
    network = ", ".join(text.replace("{value}", whole(value)) for text, value in sizes if isinstance(value, int))
    if network:
        rows.append([_("Network"), f"{built['network']}: {network}"])
    left = max(width(str(row[0])) for row in rows) + 4
    lines = [paint(_("Shape"), "title")]
    for name, words in rows:
        lines += hanging(str(words), cells, f"  {name}" + " " * (left - 2 - width(str(name))))
    return lines


def windows(report: Report) -> str:
    """How a long video is made: windows, what they share, and how often the denoiser is called."""
    made = report.compute
    calls = whole(made.denoiser_calls)
    sizes = {"count": whole(made.chunks), "frames": whole(made.window_frames), "calls": calls}
    if made.overlap_frames:
        return _(
            "{count} of {frames} frames, {shared} shared with the one before; {calls} denoiser calls",
            shared=whole(made.overlap_frames),
            **sizes,
        )
    return _("{count} of {frames} frames; {calls} denoiser calls", **sizes)


def work(report: Report, paint: Paint, cells: int) -> list[str]:
    """FLOPs per step and video by the network and by the documented formula, and where they go."""
    compute, formula = report.compute, report.compute.documented
    forwards = whole(compute.forwards_per_step)
    rows: list[list[Cell]] = [
        ["", (_("network"), "dim")],
        [_("per forward"), flop(compute.flops_per_forward)],
        [_("per step ({count}× forward)", count=forwards), flop(compute.flops_per_step)],
        [_("per video"), flop(compute.flops_per_video)],
    ]
    if formula:
        rows[0] += [(_("documented formula"), "dim"), (_("ratio"), "dim")]
        rows[2] += [flop(formula.flops_per_step), times(compute.flops_per_step / formula.flops_per_step)]
        rows[3] += [flop(formula.flops_per_video), times(compute.flops_per_video / formula.flops_per_video)]
    lines = [
        titled(_("FLOPs"), _("attention {share} of a forward", share=share(compute.attention_share)), paint, cells),
        *table(rows, "<>>>", paint),
    ]
    if formula:
        sentence = _(
            "The documented formula 2·params·seq + 4·seq²·hidden_dim counts attention once and one forward per step; "
            "this network runs attention in each of its {layers} layers and {forwards}× forward per step.",
            layers=whole(formula.layers),
            forwards=forwards,
        )
        lines += hanging(sentence, cells, "  ")
    return [*lines, *shares(compute.parts, paint, cells)]


def shares(parts: dict[str, dict[str, float]], paint: Paint, cells: int) -> list[str]:
    """A bar per stage and kind of work, the largest first, as shares of everything."""
    total = sum(value for kinds in parts.values() for value in kinds.values())
    if not total:
        return []
    bars = [
        (f"{label(STAGES, stage)}: {label(KINDS, kind)}", value)
        for stage, kinds in parts.items()
        for kind, value in kinds.items()
        if value / total >= FEW
    ]
    bars.sort(key=lambda row: -row[1])
    room = cells - max(width(name) for name, _value in bars) - 13
    rows: list[list[Cell]] = [
        [name, share(value / total), (bar([(value, "█", "")], total, room, Paint(False)).rstrip("░"), "bar")]
        for name, value in bars
    ]
    return table(rows, "<><", paint)
