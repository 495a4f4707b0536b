"""The cheap way to a site's logits gives what the whole model gives, and where it would not, it is not taken."""

import pytest
import torch
from text.gibbs.small_models import bert, hub_tokenizer, own, roberta
from transformers import AutoModelForMaskedLM, AutoTokenizer, DistilBertConfig, DistilBertForMaskedLM

from minent.errors import BadInput
from minent.text.gibbs import Gibbs, pseudo_perplexity
from minent.text.masked.conditionals import conditionals_of, plainly
from minent.text.masked.load import load
from minent.text.masked.model import MaskedLM
from minent.text.masked.vocabulary import vocabulary_of

CHEAP, HEAD = "last layer and head at the sampled sites only", "head at the sampled sites only"


def padded(size, pad=0, seed=0):
    """Texts of three lengths, and two sites of each."""
    tokens = torch.randint(5, size, (3, 9), generator=torch.Generator().manual_seed(seed))
    tokens[1, 7:], tokens[2, 4:] = pad, pad
    return tokens, torch.tensor([[8, 0], [3, 6], [2, 3]])


@pytest.mark.parametrize("model", [bert(), roberta()], ids=["bert", "roberta"])
def test_a_bert_read_at_its_sites_says_what_all_of_it_says(model):
    vocabulary = vocabulary_of(hub_tokenizer())
    found = conditionals_of(model, vocabulary)
    assert found.how == CHEAP
    tokens, positions = padded(vocabulary.size)
    with torch.no_grad():
        wanted = plainly(model, 0)(tokens, positions)
    assert wanted.std() > 0.3
    assert (found(tokens, positions) - wanted).abs().max() < 1e-4
    assert (found(tokens, positions.flip(1)) - wanted).abs().max() > 0.1
    assert found.longest == (40 if model.config.model_type == "bert" else 39)


@pytest.mark.parametrize("lacking", ["mask", "pad"])
def test_a_tokenizer_without_masks_or_padding_is_refused(lacking):
    tokenizer = hub_tokenizer()
    setattr(tokenizer, f"{lacking}_token", None)
    with pytest.raises(BadInput, match=f"without {'masks' if lacking == 'mask' else 'padding'}"):
        vocabulary_of(tokenizer)


def test_other_architectures_are_read_as_they_are_and_take_their_sites_before_the_head():
    torch.manual_seed(0)
    sizes = {"dim": 24, "n_layers": 2, "n_heads": 4, "hidden_dim": 40, "vocab_size": 30, "pad_token_id": 0}
    model = DistilBertForMaskedLM(DistilBertConfig(**sizes)).eval()
    found = conditionals_of(model, vocabulary_of(hub_tokenizer()))
    assert found.how == HEAD
    tokens, positions = padded(26)
    with torch.no_grad():
        whole = model(tokens, (tokens != 0).long()).logits
    wanted = whole.gather(1, positions[..., None].expand(-1, -1, 30))
    assert torch.allclose(found(tokens, positions), wanted, atol=1e-5)


def test_a_bert_that_is_changed_is_read_as_it_is():
    model = bert()

    class Louder(torch.nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer, self.attention = layer, layer.attention
            self.intermediate, self.output = layer.intermediate, layer.output

        def forward(self, *args, **options):
            return 2 * self.layer(*args, **options)

    model.bert.encoder.layer[1] = Louder(model.bert.encoder.layer[1])
    assert conditionals_of(model, vocabulary_of(hub_tokenizer())).how == HEAD


@pytest.mark.parametrize("model", [bert(), own()], ids=["bert", "own"])
def test_a_model_that_is_being_trained_is_left_so_and_read_without_dropout(model):
    dropouts = [one for one in model.modules() if isinstance(one, torch.nn.Dropout)]
    for one in dropouts:
        one.p = 0.5
    tokenizer = None if hasattr(model, "shape") else hub_tokenizer()
    model.train()
    dropouts[0].eval()
    text = "春去"
    found = [pseudo_perplexity(model, [text], tokenizer) for _ in range(2)]
    assert found[0] == found[1] and model.training and [one.training for one in dropouts[:2]] == [False, True]
    model.eval()


def test_bf16_leaves_the_model_as_it_is_and_says_about_the_same():
    model, vocabulary = bert(), vocabulary_of(hub_tokenizer())
    tokens, positions = padded(vocabulary.size)
    exact = conditionals_of(model, vocabulary)(tokens, positions)
    found = conditionals_of(model, vocabulary, "bf16")
    assert found.how == CHEAP
    assert 0 < (found(tokens, positions).float() - exact).abs().max() < 0.3 * exact.std()
    assert next(model.parameters()).dtype == torch.float32


@pytest.mark.parametrize(
    "options",
    [
        {"positions": "learned"},
        {"positions": "rotary"},
        {"positions": "none"},
        {"attention": "nystrom", "landmarks": 4},
        {"attention": "synthesizer", "kind": "dense+softmax"}, {"attention": "synthesizer"},
    ],
    ids=str,
)  # fmt: skip
def test_minents_own_at_its_sites_says_what_all_of_it_says(options, tmp_path):
    model = own(**options)
    found = conditionals_of(model, vocabulary_of(model.tokenizer))
    softmax = model.shape.attention == "softmax"
    assert found.how == ("last layer and head" if softmax else "head") + " at the sampled sites only"
    tokens, positions = padded(model.vocabulary)
    with torch.no_grad():
        whole = model(tokens, tokens != 0)
    wanted = whole.gather(1, positions[..., None].expand(-1, -1, whole.shape[2]))
    assert wanted.std() > 0.3
    assert (found(tokens, positions) - wanted).abs().max() < 1e-4
    model.save_pretrained(tmp_path / "model")
    loaded = MaskedLM.from_pretrained(tmp_path / "model")
    assert loaded.tokenizer is not None
    with torch.no_grad():
        assert torch.equal(loaded(tokens, tokens != 0), whole)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
def test_transformers_reads_what_minent_saved(positions, tmp_path):
    model = own(positions=positions)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(tmp_path / "model")
    theirs, told = AutoModelForMaskedLM.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"]
    tokens, _ = padded(model.vocabulary)
    with torch.no_grad():
        found, wanted = theirs.eval()(tokens, (tokens != 0).long()).logits, model(tokens, tokens != 0)
    real = tokens != 0
    assert wanted.std() > 0.3
    assert (found - wanted)[real].abs().max() < 1e-4
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    read, ours = vocabulary_of(tokenizer), vocabulary_of(model.tokenizer)
    assert (read.mask, read.pad, read.before, read.after) == (ours.mask, ours.pad, ours.before, ours.after)
    assert read.encode("春来，花生")[0] == ours.encode("春来，花生")[0]
    assert read.decode(read.encode("春来，花生")[0]) == "春来，花生"


def test_a_shape_that_transformers_has_not_is_saved_for_minent_alone(tmp_path):
    own(attention="nystrom").save_pretrained(tmp_path / "model")
    assert "model_type" not in (tmp_path / "model" / "config.json").read_text()
    assert not (tmp_path / "model" / "tokenizer_config.json").exists()


def test_models_are_loaded_from_folders_of_both_kinds_and_sampled(tmp_path):
    own().save_pretrained(tmp_path / "own")
    bert().save_pretrained(tmp_path / "bert")
    hub_tokenizer().save_pretrained(tmp_path / "bert")
    for name, kind in (("own", "MaskedLM"), ("bert", "BertForMaskedLM")):
        model, tokenizer = load(tmp_path / name)
        assert type(model).__name__ == kind
        *_, state = Gibbs(model, tokenizer, seed_text="春来秋去", keep=("秋",), chains=3, sweeps=2)
        assert [text[2] for text in state.texts] == ["秋"] * 3


def test_what_is_no_model_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"no config\.json"):
        load(tmp_path)
    with pytest.raises(BadInput, match="there is no folder"):
        load(tmp_path / "none")
    (tmp_path / "config.json").write_text('{"minent": {"class": "Classifier", "format": 1}}')
    with pytest.raises(BadInput, match="with a Classifier"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(BadInput, match="not the settings of a model: it holds a list"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "nothing"}')
    with pytest.raises(BadInput, match="holds no masked language model") as told:
        load(tmp_path)
    assert "\n" not in str(told.value)
    with pytest.raises(BadInput, match="hand in a function"):
        conditionals_of(torch.nn.Linear(1, 1), vocabulary_of(hub_tokenizer()))


def test_offline_a_name_on_the_hub_ends_in_a_sentence(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        BadInput, match=r"no folder 'nobody/no-such-bert', .* give a folder that holds one, or go online"
    ):
        load("nobody/no-such-bert")
