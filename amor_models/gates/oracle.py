"""The oracle gate: the label itself."""

from collections.abc import Sequence

from amor_models.gates.gate import Gate, GateInput, GateOutput
from amor_models.randomness import Streams


class OracleGate(Gate):
    """Fires exactly where the target needs retrieval."""

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Nothing to draw."""

    def forward(self, given: GateInput) -> GateOutput:
        """Copies the label.

        Raises:
            ValueError: if no labels were given.
        """
        if given.needs_retrieval is None:
            raise ValueError("the oracle gate needs the labels: pass needs_retrieval of the tokens' shape")
        fires = given.needs_retrieval.bool()
        return GateOutput(fires=fires, prob=fires.to(given.hidden.dtype))
