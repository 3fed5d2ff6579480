"""`click.shell_completion` of a light run: what bash may put next; other shells ask for more and ask click."""

from click import Argument, Context, Option, Unplain, echo


class CompletionItem:
    """A word that may stand next."""

    def __init__(self, value, type="plain", help=None):
        self.value, self.type, self.help = value, type, help


def completed(group, line, place):
    """Say the words that may stand at a place of a line, as click tells them to bash. Raises Unplain."""
    if any(letter in line for letter in "'\"\\="):
        raise Unplain(line)
    words = line.split()
    given, begun = words[1:place], words[place] if place < len(words) else ""
    items = offered(group, given, begun)
    echo("\n".join(f"{item.type},{item.value}" for item in items))


def offered(group, given, begun):
    """The words that may stand after those given and begin so."""
    ctx = Context(group, "vidcalc")
    if not given:
        names = [] if begun[:1] == "-" else group.list_commands(ctx)
        commands = [CompletionItem(name) for name in names if name.startswith(begun)]
        return [*commands, *options(group, given, begun)]
    command = group.get_command(ctx, given[0])
    if command is None or any(isinstance(param, Argument) for param in command.params):
        raise Unplain(given)
    ctx, known = Context(command, given[0]), named(command)
    asking = None
    for word in given[1:]:
        if asking is not None:
            asking = None
        elif word in known:
            asking = None if known[word].is_flag else known[word]
        else:
            raise Unplain(word)
    if asking is None:
        return options(command, given, begun)
    if begun[:1] == "-":  # an option where a value is asked for
        raise Unplain(begun)
    return asking.type.shell_complete(ctx, asking, begun)


def named(command):
    """The options of a command by each of their names."""
    return {name: param for param in command.params if isinstance(param, Option) for name in param.opts}


def options(command, given, begun):
    """The options that begin so and may still be given."""
    if not begun or begun[0].isalnum():
        return []
    params = [param for param in command.params if isinstance(param, Option)]
    left = [param for param in params if param.multiple or not set(param.opts) & set(given)]
    return [CompletionItem(name) for param in left for name in param.opts if name.startswith(begun)]
