"""Masked language models of random weights, of minent and of transformers, and tokenizers for them."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM

from minent.nn.shape import Shape
from minent.text.masked.model import MaskedLM
from minent.text.tokenizer import train_tokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"春夏秋冬山水花鸟风月日人来去生产力科学，。"]
SIZES = {
    "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40,
    "max_position_embeddings": 40, "vocab_size": len(WORDS),
}  # fmt: skip


def hub_tokenizer():
    """Of characters, with BERT's special tokens."""
    known = {word: i for i, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]",
    )  # fmt: skip


def bert(seed=0, kind=BertForMaskedLM, config=BertConfig, **options):
    """A BERT whose logits are far from even."""
    torch.manual_seed(seed)
    model = kind(config(**{**SIZES, "pad_token_id": 0, "initializer_range": 0.4, **options})).eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 1.0 if parameter.mean() > 0.5 else 0.0, 0.2)
    return model


def roberta(seed=0):
    """The same for RoBERTa."""
    return bert(seed, RobertaForMaskedLM, RobertaConfig)


def own(seed=0, **options):
    """minent's, with its tokenizer of characters."""
    torch.manual_seed(seed)
    shape = Shape(**{"dim": 16, "heads": 2, "layers": 2, "hidden": 32, "longest": 40, "dropout": 0.1, **options})
    tokenizer = train_tokenizer(["春夏秋冬山水花鸟风月日人来去生产力科学，。"], kind="characters", vocabulary=300)
    model = MaskedLM(tokenizer.get_vocab_size(), shape).eval()
    model.tokenizer = tokenizer
    with torch.no_grad():
        model.bias.normal_()
        model.last.bias.normal_()
    return model
