# SPDX-License-Identifier: Apache-2.0
"""The cheapest cut between two vertices of a network.

Source: Dinic, "Algorithm for solution of a problem of maximum flow in a network with power estimation", 1970.
"""

from __future__ import annotations

from collections import deque

SOURCE, SINK = 0, 1


class Network:
    """Vertices 0 (source), 1 (sink) and those added; arcs with capacities."""

    def __init__(self) -> None:
        self._heads: list[int] = []
        self._capacities: list[int] = []
        self._arcs: list[list[int]] = [[], []]

    def vertex(self) -> int:
        """A new vertex."""
        self._arcs.append([])
        return len(self._arcs) - 1

    def arc(self, tail: int, head: int, capacity: int) -> None:
        """An arc; it costs ``capacity`` when its tail is on the source's side and its head on the sink's."""
        for start, end, room in ((tail, head, capacity), (head, tail, 0)):
            self._arcs[start].append(len(self._heads))
            self._heads.append(end)
            self._capacities.append(room)

    def source_side(self) -> set[int]:
        """The smallest set of vertices that a cheapest cut leaves with the source."""
        while True:
            levels = self._levels()
            if levels[SINK] < 0:
                return {vertex for vertex, level in enumerate(levels) if level >= 0}
            positions = [0] * len(self._arcs)
            while self._augment(levels, positions):
                pass

    def _levels(self) -> list[int]:
        """Distance of each vertex from the source by arcs with room; -1 where there is no way."""
        levels = [-1] * len(self._arcs)
        levels[SOURCE] = 0
        queue = deque([SOURCE])
        while queue:
            vertex = queue.popleft()
            for arc in self._arcs[vertex]:
                head = self._heads[arc]
                if self._capacities[arc] > 0 and levels[head] < 0:
                    levels[head] = levels[vertex] + 1
                    queue.append(head)
        return levels

    def _augment(self, levels: list[int], positions: list[int]) -> bool:
        """Send as much as fits along one shortest way; False when there is none left."""
        way: list[int] = []
        vertex = SOURCE
        while vertex != SINK:
            arcs = self._arcs[vertex]
            while positions[vertex] < len(arcs):
                arc = arcs[positions[vertex]]
                if self._capacities[arc] > 0 and levels[self._heads[arc]] == levels[vertex] + 1:
                    break
                positions[vertex] += 1
            else:
                if not way:
                    return False
                vertex = self._heads[way.pop() ^ 1]
                positions[vertex] += 1
                continue
            way.append(arc)
            vertex = self._heads[arc]
        room = min(self._capacities[arc] for arc in way)
        for arc in way:
            self._capacities[arc] -= room
            self._capacities[arc ^ 1] += room
        return True
