from segrefiner_mm.apis.run_journal import NAME, RunJournal


def files(folder, *names):
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text(path.name)
    return paths


def test_what_is_done(tmp_path):
    inputs, outputs = files(tmp_path, 'a', 'b'), files(tmp_path, 'c')
    journal = RunJournal(tmp_path, dict(seed=0), forget=False)
    assert not journal.is_done(inputs, outputs)
    journal.add(inputs, outputs)

    def done(settings=None, forget=False, outputs=outputs):
        settings = settings or dict(seed=0)
        return RunJournal(tmp_path, settings, forget).is_done(inputs, outputs)

    assert done()
    assert not done(outputs=[*outputs, tmp_path / 'picture'])
    inputs[0].write_text('another image')
    assert not done()
    inputs[0].write_text('a')
    assert not done(), 'the time of change differs'


def test_other_settings_start_anew(tmp_path):
    inputs, outputs = files(tmp_path, 'a'), files(tmp_path, 'c')
    RunJournal(tmp_path, dict(seed=0), forget=False).add(inputs, outputs)
    for seed in (1, 0):
        journal = RunJournal(tmp_path, dict(seed=seed), forget=False)
        assert not journal.is_done(inputs, outputs)


def test_a_half_written_line_is_no_harm(tmp_path):
    first, second = files(tmp_path, 'a', 'c'), files(tmp_path, 'b', 'd')
    journal = RunJournal(tmp_path, dict(seed=0), forget=False)
    journal.add(first[:1], first[1:])
    journal.add(second[:1], second[1:])
    text = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text(text[:-9])
    journal = RunJournal(tmp_path, dict(seed=0), forget=False)
    assert journal.is_done(first[:1], first[1:])
    assert not journal.is_done(second[:1], second[1:])
    # What is added next stands on a line of its own.
    journal.add(second[:1], second[1:])
    journal = RunJournal(tmp_path, dict(seed=0), forget=False)
    assert journal.is_done(second[:1], second[1:])
