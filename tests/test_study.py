"""Is every seed of a study trained once, whatever happens to its processes?"""

import pytest

from benchmarks.study import clear, run_study

ABOUT = {"recipe": "course", "seeds": 4}


def count_up(seeds):
    for seed in seeds:
        yield {"seed": seed, "squared": seed**2}


def stop_at(stop):
    def run(seeds):
        for record in count_up(seeds):
            if record["seed"] == stop:
                raise KeyboardInterrupt
            yield record

    return run


def test_a_study_goes_on_where_it_was_and_leaves_nothing_but_its_result(tmp_path):
    path, made = tmp_path / "new" / "r.json", []
    with pytest.raises(KeyboardInterrupt):
        run_study(stop_at(2), [3, 1, 2], path, ABOUT)
    records = run_study(count_up, [3, 1, 2], path, ABOUT, made.append)
    assert records == [{"seed": seed, "squared": seed**2} for seed in (3, 1, 2)]
    assert [record["seed"] for record in made] == [2]
    clear(path)
    assert list(path.parent.iterdir()) == []


def test_seeds_of_another_study_are_not_mixed_in(tmp_path):
    path = tmp_path / "r.json"
    run_study(count_up, range(4), path, ABOUT)
    with pytest.raises(
        ValueError, match=r"r\.json\.seeds holds seeds of another study, with recipe 'course':"
    ):
        run_study(count_up, range(4), path, {**ABOUT, "recipe": "original"})
    assert len(list((tmp_path / "r.json.seeds").glob("[0-9].json"))) == 4
