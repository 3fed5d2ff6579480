"""A process that answers one question at a time: frames in on standard input, frames out on standard output.

A frame is 4 bytes of length and a MessagePack list: (door, body, language, file) in, (status, JSON, bytes held) out.
Whoever started the process ends it when an answer takes too long. Before the first question it is sealed
(`vidcalc.faces.web.seal`); it may write in one folder, where a file that is sent is put to be read.
"""

import os
import sys
from typing import Any, BinaryIO

import msgspec

HEAD = 4  # bytes that say how long a frame is
FAILED = 500


def main() -> None:
    """Answer until standard input ends; the folder is the one word of the command line."""
    from vidcalc.faces.web import seal

    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but frames on standard output
    warm()
    folder = sys.argv[1]
    seal.sealed(folder)
    try:
        sent(target, ("ready", b""))
        while (frame := received(source)) is not None:
            sent(target, (*answered(frame, folder), seal.held()))
    except BrokenPipeError:  # nobody waits any more
        pass
    finally:
        os.rmdir(folder)
        os._exit(0)


def answered(frame: Any, folder: str) -> tuple[int, bytes]:
    """(status, JSON) of a question."""
    from vidcalc.faces.web.doors import READ, opened, received_file

    name, body, lang, file = frame
    try:
        return received_file(file, body, lang, folder) if name == READ else opened(name, body, lang)
    except Exception:  # a fault of the program: said in the log, never a broken worker
        import traceback

        traceback.print_exc()
        return FAILED, b""


def warm() -> None:
    """Answer one question, so that the first one asked finds everything loaded."""
    from vidcalc.faces.web.doors import opened

    opened("page", b'{"asked":{"model":"wan2.1-t2v-1.3b","frames":17},"lang":"ko"}')


def received(source: BinaryIO) -> Any:
    """The next frame; None where there is no more."""
    head = source.read(HEAD)
    if len(head) < HEAD:
        return None
    return msgspec.msgpack.decode(source.read(int.from_bytes(head)))


def sent(target: BinaryIO, frame: tuple[Any, ...]) -> None:
    """Write a frame."""
    packed = msgspec.msgpack.encode(frame)
    target.write(len(packed).to_bytes(HEAD) + packed)
    target.flush()


if __name__ == "__main__":
    main()
