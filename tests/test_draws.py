"""Are the random numbers as the settings say, each used once, and each seed's its own?"""

import math
from dataclasses import replace

import torch
from test_ensemble import BASE, DATA, randoms, skewed

from gan_course.many import draws, train
from gan_course.many.draws import CHUNK, draw_noise


def batches_of(data, settings, *seeds):
    sources = draws.draws_of(data, len(seeds))
    return list(draws.draw_batches(settings, sources, randoms(*seeds), None, "cpu"))


def test_no_random_number_is_used_twice():
    batches = batches_of(skewed, replace(BASE, steps=40), 0, 1)
    for part in zip(*batches, strict=True):
        numbers = torch.stack(part)[..., 0].flatten()
        assert len(numbers.unique()) > 0.99 * len(numbers)


def test_noise_is_normal_or_reaches_from_minus_one_to_one():
    noise = torch.stack([batch.noise for batch in batches_of(skewed, replace(BASE, steps=160), 0)])
    for numbers in (noise, draw_noise(BASE, 4_000, *randoms(0))):
        assert abs(float(numbers.mean())) < 0.03
        assert abs(float(numbers.std()) - 1) < 0.03
    uniform = draw_noise(replace(BASE, noise="uniform"), 4_000, *randoms(0))
    assert uniform.shape == (4_000, 3)
    assert -1 <= float(uniform.min()) < -0.99 and 0.99 < float(uniform.max()) < 1
    assert abs(float(uniform.mean())) < 0.03


def test_even_noise_has_one_number_in_each_part_of_the_range():
    for batch in batches_of(DATA, replace(BASE, noise="even", steps=20), 0, 1):
        parts = ((batch.noise + 1) / 2 * 36).floor().long()  # of each coordinate, (2, S, n, 3)
        expected = torch.arange(36)[:, None].expand_as(parts)
        assert torch.equal(parts.sort(dim=2).values, expected)
        flat = parts.movedim(2, -1).flatten(0, 2)
        assert len(flat.unique(dim=0)) == 2 * 2 * 3  # in an order of its own each


def test_a_data_set_is_gone_through_in_rounds():
    samples = torch.arange(5.0)[:, None]
    drawn = draws.from_data_set(samples)(12, *randoms(0))[:, 0]
    assert drawn.shape == (12,)
    for round_ in (drawn[:5], drawn[5:10]):
        assert sorted(round_.tolist()) == [0, 1, 2, 3, 4]
    assert len(set(drawn[10:].tolist())) == 2
    assert drawn[:5].tolist() != drawn[5:10].tolist()


LONG = replace(BASE, steps=40, noise="even")


def shared(data_sets, copies):
    return list(draws.draw_shared_chunks(LONG, data_sets, copies, *randoms(0)))


def test_shared_numbers_have_the_shapes_of_those_of_each_seed_and_all_differ():
    chunks = shared(DATA[None], 3)
    assert len(chunks) == math.ceil(LONG.steps / CHUNK)
    rows = CHUNK * LONG.batch_size
    for chunk in chunks:
        assert [tuple(part.shape) for part in chunk] == [(3, rows, 2), (2, 3, rows, 3)]
    for one, other in ((chunks[0], chunks[1]), (chunks[1], chunks[2])):
        assert not torch.equal(one.noise, other.noise)
    for part in (chunks[0].noise.transpose(0, 1), chunks[0].real):
        assert not torch.equal(part[0], part[1])


def test_shared_batches_go_through_each_data_set_in_rounds():
    numbers = torch.arange(45.0).expand(2, 45)[..., None] + torch.tensor([[[0.0]], [[100.0]]])
    (chunk, *_) = shared(numbers, 2)
    for position, real in enumerate(chunk.real):
        for round_ in real[: len(real) // 45 * 45].reshape(-1, 45):
            assert torch.equal(round_.sort().values, numbers[position, :, 0])


def test_shared_numbers_can_be_for_a_data_set_of_each_seed():
    far = torch.stack([DATA, DATA + 10, DATA + 20])
    samples = train(far, replace(BASE, scaled=True), (0, 1, 2), shared_random=True).generate(50)
    for position, made in enumerate(samples):
        assert abs(float(made.mean() - far[position].mean())) < 3
