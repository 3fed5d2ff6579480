"""`click` of a light run: commands, their options, and a parser of plain command lines.

Everything that is not plain ends the light run: an option that there is none of, a value that is missing, a word that
stands alone. What is said is kept until the run is over: it may still turn out unusual.
"""


class Unplain(Exception):
    """A command line that click reads in a way of its own."""


class Exit(Exception):
    """The end of a command that has said all."""


class ParamType:
    """What an option takes."""

    def convert(self, value, param, ctx):
        """The value of a text."""
        return value

    def shell_complete(self, ctx, param, incomplete):
        """Nothing is known to complete."""
        return []


class Text(ParamType):
    """Any text."""

    def convert(self, value, param, ctx):
        """The text."""
        return str(value)


STRING = Text()
BOOL = ParamType()


class Parameter:
    """An option or an operand."""


class Option(Parameter):
    """An option, by the names it is called on the command line and in Python."""

    def __init__(self, names, help="", type=None, metavar=None, multiple=False, is_flag=False, default=None, **rest):
        self.opts = [name for name in names if name[0] == "-"]
        plain = [name for name in names if name[0] != "-"]
        long = next((name for name in self.opts if name[:2] == "--"), self.opts[0])
        self.name = plain[0] if plain else long.lstrip("-").replace("-", "_").lower()
        self.help, self.type, self.metavar, self.multiple = help, type or STRING, metavar, multiple
        self.is_flag, self.default = is_flag, default
        self.expose_value, self.is_eager = rest.get("expose_value", True), rest.get("is_eager", False)
        self.callback = rest.get("callback")

    def value(self, texts, ctx):
        """What the texts given for it come to, its default where there are none."""
        if self.is_flag:
            return bool(texts)
        if self.multiple:
            return tuple([self.type.convert(text, self, ctx) for text in texts])
        text = texts[-1] if texts else self.default
        return None if text is None else self.type.convert(text, self, ctx)


class Argument(Parameter):
    """An operand; a light run has none."""

    def __init__(self, names, **rest):
        self.opts, self.name, self.metavar = names, names[0], rest.get("metavar")
        self.expose_value, self.is_eager, self.callback = True, False, None

    def value(self, texts, ctx):
        """Raises Unplain."""
        raise Unplain(self.name)


class Context:
    """A command that is being read, and how it was called."""

    def __init__(self, command, command_path):
        self.command, self.command_path, self.meta = command, command_path, {}

    def get_help(self):
        """The help page."""
        pages = HelpFormatter()
        self.command.format_help(self, pages)
        return "".join(pages.written).rstrip("\n")

    def exit(self):
        """Raises Exit."""
        raise Exit


class HelpFormatter:
    """What a help page is written on."""

    def __init__(self):
        self.written = []

    def write(self, text):
        """Add a text."""
        self.written.append(text)


class Command:
    """A command: options, and what is called with their values."""

    def __init__(self, name, params=(), callback=None, help=None, add_help_option=False, **rest):
        self.name, self.params, self.callback, self.help = name, list(params), callback, help

    def get_params(self, ctx):
        """Its options and operands."""
        return self.params

    def answer(self, words, path):
        """Do what the words ask for. Raises Unplain."""
        ctx = Context(self, path)
        given, rest = self.read(words, ctx)
        if rest:
            raise Unplain(rest)
        self.callback(**given)

    def read(self, words, ctx):
        """(values by name, words from the first operand on), in click's order: eager flags, those given, the rest."""
        named = {name: param for param in self.params if isinstance(param, Option) for name in param.opts}
        texts, rest = {}, list(words)
        while rest and rest[0][:1] == "-":
            word = rest.pop(0)
            name, equals, text = word.partition("=") if word[:2] == "--" else (word[:2], word[2:], word[2:])
            if name not in named:
                raise Unplain(word)
            option = named[name]
            if not option.is_flag and not equals:
                text = rest.pop(0) if rest else "-"
            if (bool(equals) and option.is_flag) or (not equals and text[:1] == "-"):
                raise Unplain(name)
            texts.setdefault(option, []).append(text)
        order = [*texts, *(param for param in self.params if param not in texts)]
        values = {}
        for param in sorted(order, key=lambda each: not each.is_eager):
            value = param.value(texts.get(param, []), ctx)
            if param.callback is not None:
                value = param.callback(ctx, param, value)
            if param.expose_value:
                values[param.name] = value
        return values, rest


class Group(Command):
    """Commands by name."""

    def answer(self, words, path):
        """Raises Unplain."""
        ctx = Context(self, path)
        _given, rest = self.read(words, ctx)
        command = self.get_command(ctx, rest[0]) if rest else None
        if command is None:
            raise Unplain(rest)
        command.answer(rest[1:], f"{path} {rest[0]}")


def echo(text, err=False, color=None):
    """Keep a line to be printed."""
    if err or not isinstance(text, str):
        raise Unplain(text)
    WORLD.said.append(text + "\n")
