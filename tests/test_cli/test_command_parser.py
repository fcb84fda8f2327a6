"""What a user reads after a slip of the keyboard."""

import pytest

from segrefiner_mm.cli.main import main

PAIR = ['refine', 'photo.jpg', 'mask.png']


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (PAIR, 'segrefiner refine: error: the following arguments are '),
        ([*PAIR, '-o', 'a.png', '--overlays'], 'did you mean --overlay?'),
        (['coco', 'a', '-o', 'b', '--imgdir=c'], 'did you mean --img-dir?'),
        ([*PAIR, '-o', 'a.png', 'b.png'], 'unrecognized arguments: b.png\n'),
        (['refin'], 'segrefiner: error: argument COMMAND: invalid choice'),
        ([], 'segrefiner: error: the following arguments are required: COM'),
    ],
)
def test_wrong_usage_is_named_with_the_command(words, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    printed = capsys.readouterr().err
    assert message in printed
    command = 'segrefiner refine' if words[:1] == ['refine'] else 'segrefiner'
    first, last = printed.splitlines()  # the options are not listed
    assert first.startswith(command)
    assert last.endswith(' --help shows how it is used')
