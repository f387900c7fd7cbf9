"""Losses, teachers and noise do what their sources say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.training import tiny_train_config
from training.augmenting.augment import AugmentConfig
from training.config import TrainConfig, TrainError
from training.data import Corpus, Example
from training.inputs import TrainingSet, make_training_set, training_texts
from training.losses import classification_loss, disagreement, distillation_loss
from training.noise import add_random_noise, against_gradient
from training.predict import load_run
from training.teachers import soft_labels
from training.train import train

LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.1, 0.2, 0.3], [-1.0, 3.0, 0.0], [0.0, 0.0, 2.0]])
LABELS = torch.tensor([0, 2, 1, 0])
TARGETS = torch.nn.functional.one_hot(LABELS, 3).float()


def test_class_weights_and_smoothing_agree_with_torch() -> None:
    weights = torch.tensor([0.5, 2.0, 1.0])
    for smoothing in (0.0, 0.1):
        expected = torch.nn.functional.cross_entropy(
            LOGITS, LABELS, weight=weights, label_smoothing=smoothing
        )
        found = classification_loss(
            LOGITS, TARGETS, class_weights=weights, label_smoothing=smoothing
        )
        torch.testing.assert_close(found, expected)


def test_focal_loss_without_focus_is_cross_entropy_and_with_it_plays_the_easy_down() -> None:
    plain = classification_loss(LOGITS, TARGETS)
    torch.testing.assert_close(
        classification_loss(LOGITS, TARGETS, name="focal", focal_gamma=0.0), plain
    )
    easy, hard = LOGITS[2:3], LOGITS[3:4]
    shares = [
        classification_loss(x, t, name="focal") / classification_loss(x, t)
        for x, t in ((easy, TARGETS[2:3]), (hard, TARGETS[3:4]))
    ]
    assert shares[0] < 0.02
    assert shares[1] > 0.5


def test_a_student_that_equals_its_teacher_has_no_gradient_to_follow() -> None:
    logits = LOGITS.clone().requires_grad_()
    teacher = torch.softmax(LOGITS / 2, dim=-1)
    loss = distillation_loss(logits, teacher, torch.ones(4), temperature=2.0)
    (gradient,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-6, rtol=0)
    assert distillation_loss(logits, teacher, torch.zeros(4), temperature=2.0) == 0


def test_disagreement_is_zero_only_for_equal_answers() -> None:
    assert disagreement(LOGITS, LOGITS + 1.5) < 1e-6  # the same probabilities
    assert disagreement(LOGITS, LOGITS.flip(0)) > 0.1


def test_random_noise_is_bounded_and_only_there_in_training() -> None:
    words = torch.nn.Embedding(9, 4)
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    still = words(ids)
    add_random_noise(words, alpha=6.0)
    moved = (words.train()(ids) - still).detach().abs()
    assert 0 < float(moved.max()) <= 6.0 / (3 * 4) ** 0.5
    assert torch.equal(words.eval()(ids), still)


def test_the_worst_noise_goes_up_the_gradient_and_leaves_no_trace() -> None:
    words = torch.nn.Embedding(5, 3)
    words(torch.tensor([1, 2])).square().sum().backward()
    before, gradient = words.weight.detach().clone(), words.weight.grad
    with against_gradient(words, 0.5):
        moved = words.weight.detach() - before
        assert float(moved.norm()) == pytest.approx(0.5, rel=1e-4)
        assert gradient is not None
        assert float((moved * gradient).sum()) > 0
    assert torch.equal(words.weight, before)


TEXTS = [f"{word} day number {index}" for index in range(16) for word in ("happy", "sad", "angry")]
EMOTIONS = ("joy", "sadness", "anger")
EXAMPLES = tuple(Example(t, (EMOTIONS[i % 3],)) for i, t in enumerate(TEXTS))  # type: ignore[arg-type]
CORPUS = Corpus(EXAMPLES[:36], EXAMPLES[36:42], EXAMPLES[42:], name="ours")


def _config(out: Path, **changes: object) -> TrainConfig:
    config = tiny_train_config(Path("unused"), out, architecture="ann", epochs=4, head_lr=1e-2)
    return replace(config, **({"data": (CORPUS,)} | changes))  # type: ignore[arg-type]


def test_a_student_learns_from_its_teacher_alone(tmp_path: Path) -> None:
    """Its labels are all wrong; the teacher's weight is 1, and so is all it can have learned."""
    teacher = train(_config(tmp_path / "teacher", batch_size=4, epochs=30))
    wrong = tuple(replace(example, emotions=("joy",)) for example in CORPUS.train[1:])
    student = train(
        _config(
            tmp_path / "student",
            data=(replace(CORPUS, train=(*wrong, CORPUS.train[1], CORPUS.train[2])),),
            emotions=("sadness", "joy", "anger"),
            teachers=(teacher,),
            teacher_weight=1.0,
            teacher_temperature=0.2,  # its best epoch may be an early one, hardly sure of anything
            batch_size=4,
            epochs=30,
        )
    )
    texts = [example.text for example in CORPUS.test]
    runs = load_run(teacher), load_run(student)
    expected, found = (run.logits(texts).argmax(axis=1) for run in runs)
    assert (expected == found).all()
    assert len(set(found.tolist())) == 3


def test_a_teachers_answers_are_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = train(_config(tmp_path / "teacher", epochs=1))

    def ask() -> np.ndarray:
        return soft_labels(
            [teacher], TEXTS, emotions=("sadness", "joy", "anger"), temperature=2.0,
            cache=tmp_path / "cache",
        )  # fmt: skip

    first = ask()
    monkeypatch.setattr("training.predict.Run.logits", lambda *_: pytest.fail("asked again"))
    np.testing.assert_array_equal(ask(), first)
    np.testing.assert_allclose(first.sum(axis=1), 1.0, atol=1e-6)


def test_soft_labels_from_a_file_reach_the_texts_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "raters.npz"
    np.savez(path, texts=np.array(["b", "a"]), emotions=np.array(["anger", "joy"]),
             probabilities=np.array([[3.0, 1.0], [0.0, 2.0]]))  # fmt: skip
    found = soft_labels(
        [path], ["a", "b", "c"], emotions=("joy", "anger"), temperature=1.0, cache=tmp_path
    )
    np.testing.assert_allclose(found[:2], [[1.0, 0.0], [0.25, 0.75]])
    assert np.isnan(found[2]).all()


def test_a_file_of_pickled_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "raters.npz"
    np.savez(path, texts=np.array(["a"], dtype=object), emotions=np.array(["joy", "fear"]),
             logits=np.zeros((1, 2)))  # fmt: skip
    with pytest.raises(TrainError, match="no pickled objects"):
        soft_labels([path], ["a"], emotions=("joy", "fear"), temperature=1.0, cache=tmp_path)


def test_unlabelled_texts_hold_none_that_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "more.txt"
    held_out = CORPUS.test[0].text.upper()
    path.write_text(f"a new text\n{held_out}\n\n{CORPUS.train[0].text}\na new text\n")
    config = _config(tmp_path / "run", teachers=(tmp_path,), unlabelled=(path,))
    added = training_texts(config, [CORPUS])[len(CORPUS.train) :]
    assert added == [Example("a new text", ())]


def test_teachers_are_not_asked_about_what_was_added(tmp_path: Path) -> None:
    teacher = train(_config(tmp_path / "teacher", epochs=1))
    path = tmp_path / "more.txt"
    path.write_text("a new text\n")
    config = _config(
        tmp_path / "student", teachers=(teacher,), teacher_weight=0.75, unlabelled=(path,),
        augment=AugmentConfig(negation_share=1, noise_share=0.5),
    )  # fmt: skip
    run = load_run(teacher)
    examples = training_texts(config, [CORPUS])
    found = make_training_set(config, examples, run.tokenizer, run.emotions)
    batch = found.batch(range(len(examples)), torch.device("cpu"))
    n_given, n_added = len(CORPUS.train), len(examples) - len(CORPUS.train) - 1
    assert n_added > n_given
    assert batch.soft_weights.tolist() == [0.75] * n_given + [0.0] * n_added + [1.0]
    assert batch.label_weights.tolist() == [0.25] * n_given + [1.0] * n_added + [0.0]
    (asked,) = (np.load(file) for file in (config.out_dir / "teachers").iterdir())
    assert len(asked) == n_given + 1


def test_fresh_texts_without_labels_are_shared_out_over_the_epochs(tmp_path: Path) -> None:
    path = tmp_path / "more.txt"
    path.write_text("".join(f"a new text {number}\n" for number in range(9)))
    config = _config(
        tmp_path / "run", teachers=(tmp_path,), unlabelled=(path,), fresh=True, epochs=3
    )
    added = training_texts(config, [CORPUS])[len(CORPUS.train) :]
    assert Counter(text.epoch for text in added) == {0: 3, 1: 3, 2: 3}
    with pytest.raises(TrainError, match="texts to add in each epoch"):
        _config(tmp_path / "run", fresh=True)


def test_augmented_texts_are_trained_on_and_a_part_of_the_configuration(tmp_path: Path) -> None:
    augment = AugmentConfig(noise_share=0.5, protected=frozenset({"happy", "sad"}))
    config = _config(tmp_path / "run", augment=augment, epochs=1)
    run = load_run(train(config))
    assert run.config["n_texts"] > len(CORPUS.train)
    assert run.config["augment"]["protected"] == ["happy", "sad"]
    train(config)  # the same one goes on


def test_each_epoch_reads_every_text_of_all_and_its_own() -> None:
    epochs = [None, 0, 1, None, 1, 0, 0]
    found = TrainingSet([(1, 2)] * 7, torch.eye(7), None, 0.5, epochs=epochs)
    assert found.of_epoch(0) == [0, 3, 1, 5]  # as many in each: one of epoch 0 is left over
    assert found.of_epoch(1) == [0, 3, 2, 4]
    assert len(found) == 4


def test_a_run_with_fresh_texts_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    augment = AugmentConfig(negation_share=1, noise_share=0.5)
    whole = train(_config(tmp_path / "whole", augment=augment, fresh=True, epochs=3))

    class StopError(Exception):
        pass

    def stop_in_the_second(progress: object, epoch: int, *_: object) -> None:
        if epoch == 2:
            raise StopError

    config = _config(tmp_path / "cut", augment=augment, fresh=True, epochs=3, save_every_steps=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.progress.TrainingProgress.step", stop_in_the_second)
        with pytest.raises(StopError):
            train(config)
    cut = train(config)
    a, b = load_run(whole).network.state_dict(), load_run(cut).network.state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_every_means_at_once_still_learns(tmp_path: Path) -> None:
    config = _config(
        tmp_path / "run", loss="focal", class_weights=True, resample="over", label_smoothing=0.05,
        average_decay=0.5, r_drop=0.5, adversary="fgm", adversary_strength=0.5, epochs=16,
        batch_size=8,
    )  # fmt: skip
    run = load_run(train(config))
    found = run.logits([example.text for example in CORPUS.test]).argmax(axis=1)
    truth = [run.emotions.index(example.emotions[0]) for example in CORPUS.test]
    assert (found == np.array(truth)).all()
