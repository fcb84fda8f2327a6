from segrefiner_mm.runs.run_journal import NAME, RunJournal


def files(folder, *names):
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text(path.name)
    return paths


def test_what_is_done(tmp_path):
    inputs, outputs = files(tmp_path, 'a', 'b'), files(tmp_path, 'c')
    journal = RunJournal(tmp_path, dict(seed=0))
    assert not journal.is_done(inputs, outputs)
    journal.add(inputs, outputs)

    def done(settings=None, outputs=outputs):
        settings = settings or dict(seed=0)
        return RunJournal(tmp_path, settings).is_done(inputs, outputs)

    assert done()
    assert not done(outputs=[*outputs, tmp_path / 'picture'])
    assert not done(settings=dict(seed=1))
    assert done()
    outputs[0].write_text('damaged')
    assert not done()


def test_changed_inputs_are_done_again(tmp_path):
    inputs, outputs = files(tmp_path, 'a'), files(tmp_path, 'c')
    RunJournal(tmp_path, {}).add(inputs, outputs)
    inputs[0].write_text('another image')
    assert not RunJournal(tmp_path, {}).is_done(inputs, outputs)


def test_whose_outputs(tmp_path):
    inputs, outputs = files(tmp_path, 'a'), files(tmp_path, 'c')
    RunJournal(tmp_path, dict(seed=0)).add(inputs, outputs)
    other = RunJournal(tmp_path, dict(seed=1))
    assert other.is_ours(outputs)
    assert not other.is_ours(files(tmp_path, 'd'))


def test_outputs_of_a_run_that_was_killed_are_ours(tmp_path):
    inputs, outputs = files(tmp_path, 'a'), files(tmp_path, 'c')
    RunJournal(tmp_path, {}).begin(outputs)
    journal = RunJournal(tmp_path, {})
    assert journal.is_ours(outputs)
    assert not journal.is_done(inputs, outputs)
    journal.add(inputs, outputs, verdict='kept')
    assert RunJournal(tmp_path, {}).is_done(inputs, outputs)


def test_a_half_written_line_is_no_harm(tmp_path):
    first, second = files(tmp_path, 'a', 'c'), files(tmp_path, 'b', 'd')
    journal = RunJournal(tmp_path, dict(seed=0))
    journal.add(first[:1], first[1:])
    journal.add(second[:1], second[1:])
    text = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text('123\n{}\n' + text[:-9])
    journal = RunJournal(tmp_path, dict(seed=0))
    assert journal.is_done(first[:1], first[1:])
    assert not journal.is_done(second[:1], second[1:])
    # What is added next stands on a line of its own.
    journal.add(second[:1], second[1:])
    journal = RunJournal(tmp_path, dict(seed=0))
    assert journal.is_done(second[:1], second[1:])
