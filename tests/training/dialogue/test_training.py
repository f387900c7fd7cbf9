"""Training: context is learned where it tells, and a broken run ends as an unbroken one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, BertConfig

from tests.support.tiny import tiny_tokenizer
from tests.training.dialogue.made import REPLY, corpus, dialogue
from training.config import TrainError
from training.dialogue import train as train_module
from training.dialogue.corpus import Dialogue, Utterance
from training.dialogue.network import DialogueConfig
from training.dialogue.run import DialogueRunError, load_dialogue_run
from training.dialogue.train import DialogueTraining, label_weights, train
from training.dialogue.views import Context

SMALL = DialogueConfig(utterance=24, speaker=4, hidden=24, attention_heads=2, dropout=0.1)


def _training(out_dir: Path, context: Context = "dialogue") -> DialogueTraining:
    return DialogueTraining(
        corpus=corpus(),
        out_dir=out_dir,
        network=replace(SMALL, context=context),
        epochs=5,
        batch_size=4,
        head_lr=8e-3,
        bfloat16=False,
        threads=1,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(_training(tmp_path_factory.mktemp("dialogue") / "unbroken"))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(_training(tmp_path_factory.mktemp("dialogue") / "past", "past"))


def test_a_model_with_context_knows_what_one_without_cannot(
    trained: Path, past: Path, tmp_path: Path
) -> None:
    without = train(replace(_training(tmp_path / "without", "none"), epochs=3))
    test = corpus().test

    assert load_dialogue_run(trained).judge(test).accuracy > 0.95
    assert load_dialogue_run(past).judge(test).accuracy > 0.95
    # All questions and the most common of three replies: at most about three in four.
    assert load_dialogue_run(without).judge(test).accuracy < 0.8


def test_a_killed_run_goes_on_to_the_same_weights(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = _training(tmp_path / "broken")
    epoch_of = train_module._Run.train_epoch

    def killed(run: train_module._Run, epoch: int) -> float:
        if epoch == 2:
            raise KeyboardInterrupt
        return epoch_of(run, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(train_module._Run, "train_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train(broken)
    assert len(json.loads((broken.out_dir / "history.json").read_text())) == 2
    train(broken)

    expected = load_file(trained / "model.safetensors")
    found = load_file(broken.out_dir / "model.safetensors")
    for key, tensor in expected.items():
        assert torch.equal(tensor, found[key]), key
    assert (trained / "history.json").read_text() == (broken.out_dir / "history.json").read_text()


def test_another_configuration_does_not_go_on_in_the_same_folder(trained: Path) -> None:
    with pytest.raises(TrainError, match="head_lr"):
        train(replace(_training(trained), head_lr=1e-4))
    with pytest.raises(TrainError, match="n_dialogues"):
        train(replace(_training(trained), corpus=corpus(59)))


def test_a_damaged_state_is_told_from_one_to_go_on_from(trained: Path, tmp_path: Path) -> None:
    for name in ("train.json", "network.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    (tmp_path / "state.pt").write_bytes(b"half of it")
    with pytest.raises(TrainError, match="damaged file: start anew"):
        train(_training(tmp_path))


def test_a_run_is_used_without_anything_that_could_be_a_pickle(past: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("network.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_bytes((past / name).read_bytes())
    run = load_dialogue_run(folder)

    (scores,) = run.probabilities([dialogue("new", ["sad", "happy"])])

    assert [run.labels[i] for i in scores.argmax(axis=1)] == [
        "neutral", "sadness", "neutral", "joy",
    ]  # fmt: skip
    assert np.allclose(scores.sum(axis=1), 1)


def test_a_damaged_or_foreign_folder_is_refused_with_the_reason(past: Path, tmp_path: Path) -> None:
    with pytest.raises(DialogueRunError, match=r"found no network\.json"):
        load_dialogue_run(tmp_path)
    for name in ("network.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((past / name).read_bytes())
    with pytest.raises(DialogueRunError, match=r"found no model\.safetensors"):
        load_dialogue_run(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(DialogueRunError, match="do not fit"):
        load_dialogue_run(tmp_path)
    (tmp_path / "network.json").write_text('{"architecture": "hybrid"}')
    with pytest.raises(DialogueRunError, match="found 'hybrid'"):
        load_dialogue_run(tmp_path)


def test_utterances_without_a_label_are_context_and_teach_nothing(tmp_path: Path) -> None:
    made = corpus(12)
    bare = Dialogue("bare", (Utterance("ann", REPLY), Utterance("bob", REPLY)))
    config = replace(_training(tmp_path / "run"), epochs=1, batch_size=1)

    train(replace(config, corpus=replace(made, train=(*made.train, bare))))

    (record,) = json.loads((tmp_path / "run" / "history.json").read_text())
    assert np.isfinite(record["loss"])


def test_fixed_layers_are_computed_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    encoder = tmp_path / "encoder"
    sizes = BertConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
    )
    AutoModel.from_config(sizes).save_pretrained(encoder)  # type: ignore[no-untyped-call]
    tiny_tokenizer().save(str(encoder / "tokenizer.json"))
    config = replace(
        _training(tmp_path / "first"),
        corpus=corpus(12),
        encoder=encoder,
        trained_layers=1,
        epochs=1,
        cache_dir=tmp_path / "cache",
    )

    first = load_dialogue_run(train(config))
    assert len(list((tmp_path / "cache").iterdir())) == 1
    monkeypatch.setattr("training.dialogue.states._compute", None)
    second = load_dialogue_run(train(replace(config, out_dir=tmp_path / "second")))

    talk = [dialogue("new", ["sad"])]
    assert np.array_equal(first.probabilities(talk)[0], second.probabilities(talk)[0])


def test_weights_grow_with_rarity() -> None:
    labels = [0] * 8 + [1] * 2

    assert label_weights(labels, 2, 0.0).tolist() == [1.0, 1.0]
    assert label_weights(labels, 2, 1.0).tolist() == pytest.approx([5 / 8, 5 / 2])
    assert label_weights(labels, 2, 0.5).tolist() == pytest.approx([(5 / 8) ** 0.5, 2.5**0.5])
