"""The join of sorted entries, compiled by numba; see `etl.similarity.index.kernels` for what an entry is."""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from etl.similarity.index.kernels import MOST_SIZE, POSITION_BITS, SIZE_BITS, SLACK, TOKEN_SHIFT, gallop

_ONE = uint64(1)


@njit(cache=True, nogil=True)
def _needed(total, threshold):  # type: ignore[no-untyped-def]
    """Returns how many elements two sets of together `total` must at least share."""
    return max(1, int(np.ceil(threshold / (1 + threshold) * total * (1 - 1e-12) - SLACK)))


@njit(cache=True, nogil=True)
def size_limits(threshold):  # type: ignore[no-untyped-def]
    """Returns, for each size, the least and the greatest size of a similar set, and for each sum of two sizes
    in how many elements similar sets may differ.
    """
    least, most = np.empty(MOST_SIZE + 1, np.uint64), np.empty(MOST_SIZE + 1, np.uint64)
    for size in range(MOST_SIZE + 1):
        least[size] = max(0, int(np.ceil(threshold * size * (1 - 1e-12) - SLACK)))
        most[size] = MOST_SIZE
        if size < MOST_SIZE and size / threshold < MOST_SIZE:
            most[size] = int(np.floor(size / threshold * (1 + 1e-12) + SLACK))
    differ = np.empty(2 * MOST_SIZE + 1, np.uint64)
    for total in range(len(differ)):
        differ[total] = max(0, total - 2 * _needed(total, threshold))
    return least, most, differ


@njit(cache=True, nogil=True, inline="always")
def _count_bits(bits):  # type: ignore[no-untyped-def]
    bits = bits - ((bits >> _ONE) & uint64(0x5555555555555555))
    bits = (bits & uint64(0x3333333333333333)) + ((bits >> uint64(2)) & uint64(0x3333333333333333))
    bits = (bits + (bits >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * uint64(0x0101010101010101)) >> uint64(56)


@njit(cache=True, nogil=True)
def _group_bounds(order, begin, end, bounds):  # type: ignore[no-untyped-def]
    """Writes where the entries of each group begin, for entries of one trigram."""
    at = begin
    for group in range(len(bounds)):
        while at < end and int((order[at] >> uint64(SIZE_BITS + POSITION_BITS)) & uint64(15)) < group:
            at += 1
        bounds[group] = at


@njit(cache=True, nogil=True)
def _end_of(order, begin, last):  # type: ignore[no-untyped-def]
    """Returns the first place from `begin` on whose value is greater than `last`."""
    return len(order) if last == ~uint64(0) else gallop(order, begin, last + _ONE)


@njit(cache=True, nogil=True)
def _next_block(order, other_order, is_same, state, block):  # type: ignore[no-untyped-def]
    """Finds the next trigram, from `state` on, that both runs have: where its entries begin and end."""
    shift = uint64(TOKEN_SHIFT)
    at, other = state[0], state[1]
    if is_same:
        while at + 1 < len(order) and order[at] >> shift != order[at + 1] >> shift:
            at += 1
        if at + 1 >= len(order):
            return False
        other = at
    else:
        while at < len(order) and other < len(other_order):
            token, other_token = order[at] >> shift, other_order[other] >> shift
            if token == other_token:
                break
            if token < other_token:
                at = gallop(order, at, other_token << shift)
            else:
                other = gallop(other_order, other, token << shift)
        if at >= len(order) or other >= len(other_order):
            return False
    last = (order[at] >> shift << shift) | uint64((1 << TOKEN_SHIFT) - 1)
    state[0], state[1] = at, other
    block[0], block[2] = at, other
    block[1] = _end_of(order, at, last)
    block[3] = block[1] if is_same else _end_of(other_order, other, last)
    return True


@njit(cache=True, nogil=True)
def join(  # type: ignore[no-untyped-def]
    order, texts, bitmaps, other_order, other_texts, other_bitmaps, is_same, forward, limits, state, pairs
):
    """Finds candidates among two sorted runs of entries until `pairs` is full; call again to go on.

    Args:
        order, texts, bitmaps: entries as of `make_entries`, sorted by `order`.
        other_order, other_texts, other_bitmaps: those that they are compared with.
        is_same: the others are the same run; each pair of it is then looked at once.
        forward: `forward[a, b]`: whether the pair of a text of group a and one of group b is wanted, a first.
        limits: of `size_limits`.
        state: zeros at first, (4,), `int64`: kept from call to call.
        pairs: filled with the numbers of two texts, `first << 32 | second`, `uint64`.

    Returns:
        How many candidates were found. It is negative if `pairs` must have at least so many places; state[3]
        is 1 when all is done.
    """
    found = 0
    n_groups = len(forward)
    ours, theirs = np.empty(n_groups + 1, np.int64), np.empty(n_groups + 1, np.int64)
    block = np.zeros(4, np.int64)
    while _next_block(order, other_order, is_same, state, block):
        begin, end, other_begin, other_end = block
        width = end - begin + 1
        _group_bounds(order, begin, end, ours)
        _group_bounds(other_order, other_begin, other_end, theirs)
        for place in range(state[2] // width, n_groups * n_groups):
            group, other_group = place // n_groups, place % n_groups
            is_forward = forward[group, other_group]
            is_backward = forward[other_group, group] and not is_same and group != other_group
            if is_forward or is_backward:
                found, at = _join_lists(
                    order,
                    texts,
                    bitmaps,
                    max(ours[group], begin + state[2] - place * width),
                    ours[group + 1],
                    other_order,
                    other_texts,
                    other_bitmaps,
                    theirs[other_group],
                    theirs[other_group + 1],
                    is_same and group == other_group,
                    group == other_group,
                    is_forward,
                    is_backward,
                    limits,
                    pairs,
                    found,
                )
                if at >= 0:
                    state[2] = place * width + at - begin
                    return found
                if at < -1:
                    return at
        state[0], state[1], state[2] = end, other_end, 0
    state[3] = 1
    return found


@njit(cache=True, nogil=True)
def _pair(text, other, is_one_group):  # type: ignore[no-untyped-def]
    """Returns the pair as one number; in one group the same way round for each trigram that they share."""
    if is_one_group and other < text:
        text, other = other, text
    return (uint64(text) << uint64(32)) | uint64(other)


@njit(cache=True, nogil=True)
def _join_lists(  # type: ignore[no-untyped-def]
    order,
    texts,
    bitmaps,
    begin,
    end,
    other_order,
    other_texts,
    other_bitmaps,
    other_begin,
    other_end,
    is_triangle,
    is_one_group,
    is_forward,
    is_backward,
    limits,
    pairs,
    found,
):
    """Compares entries of one trigram: those of one group with those of another, both by ascending size.

    Returns:
        How many pairs there are now; and at which entry to go on when they are written, -1 when all is done,
        or minus the room that is needed.
    """
    least, most, differ = limits
    size_shift, size_mask = uint64(POSITION_BITS), uint64(MOST_SIZE)
    low = other_begin
    for at in range(begin, end):
        size = (order[at] >> size_shift) & size_mask
        text, bitmap = texts[at], bitmaps[at]
        smallest, largest = least[size], most[size]
        low = max(low, at + 1) if is_triangle else low
        while low < other_end and (other_order[low] >> size_shift) & size_mask < smallest:
            low += 1
        room = (other_end - low) * (is_forward + is_backward)
        if found + room > len(pairs):
            return (found, at) if found else (found, -max(room, 2))
        for other in range(low, other_end):
            other_size = (other_order[other] >> size_shift) & size_mask
            if other_size > largest:
                break
            limit = differ[size + other_size]
            if size == size_mask or other_size == size_mask:
                limit = uint64(64)
            if _count_bits(bitmap ^ other_bitmaps[other]) <= limit and other_texts[other] != text:
                if is_forward:
                    pairs[found] = _pair(text, other_texts[other], is_one_group)
                    found += 1
                if is_backward:
                    pairs[found] = _pair(other_texts[other], text, is_one_group)
                    found += 1
    return found, -1
