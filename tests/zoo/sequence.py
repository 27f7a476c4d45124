# SPDX-License-Identifier: Apache-2.0
"""Networks over sequences: recurrent ones, an encoder of transformers, and a decoder with a cache."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


class Recurrent(nn.Module):
    """A recurrent layer whose last output is classified."""

    def __init__(self, layer: nn.Module, width: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, 4)

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """Scores of [batch, steps, features]."""
        return self.head(self.layer(data)[0][:, -1])


def lstm() -> nn.Module:
    """Two layers on [1, 20, 9]."""
    return Recurrent(nn.LSTM(9, 16, 2, batch_first=True), 16)


def gru() -> nn.Module:
    """On [1, 20, 9]."""
    return Recurrent(nn.GRU(9, 24, batch_first=True), 24)


def bidirectional_gru() -> nn.Module:
    """On [1, 20, 9]."""
    return Recurrent(nn.GRU(9, 12, batch_first=True, bidirectional=True), 24)


class Encoder(nn.Module):
    """Four blocks of width 64 with 4 heads over 32 tokens of a vocabulary of 100."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(100, 64), nn.Parameter(torch.randn(1, 32, 64) * 0.02)
        block = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, activation="gelu", norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 4, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(64), nn.Linear(64, 5)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Scores of [batch, 32] tokens."""
        seen = self.blocks(self.tokens(tokens) + self.places)
        return self.head(self.norm(seen).mean(1))


class CachedAttention(nn.Module):
    """Attention of one token on all before it, whose keys and values are kept in buffers."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.heads = heads
        self.all, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        shape = (1, heads, length, width // heads)
        self.register_buffer("keys", torch.zeros(shape))
        self.register_buffer("values", torch.zeros(shape))

    def forward(self, data: torch.Tensor, place: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """One step of [1, 1, width]."""
        query, key, value = self.all(data).view(1, 1, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        self.keys.index_copy_(2, place, key)
        self.values.index_copy_(2, place, value)
        mixed = F.scaled_dot_product_attention(query, self.keys, self.values, attn_mask=seen)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Decoder(nn.Module):
    """Two blocks that read one token a run and give the scores of the next."""

    def __init__(self, width: int = 32, heads: int = 4, length: int = 16, vocabulary: int = 40) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.attentions = nn.ModuleList(CachedAttention(width, heads, length) for _ in range(2))
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(4))
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
            for _ in range(2)
        )
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("line", torch.arange(length), persistent=False)

    def forward(self, token: torch.Tensor) -> torch.Tensor:
        """Scores of the token that follows [1, 1]."""
        place = self.count.clone()
        data = self.tokens(token) + self.places(place)
        seen = (self.line <= place)[None, None, None]
        for index, (attention, layer) in enumerate(zip(self.attentions, self.layers, strict=True)):
            data = data + attention(self.norms[2 * index](data), place, seen)
            data = data + layer(self.norms[2 * index + 1](data))
        self.count += 1
        return self.head(data[:, -1])
