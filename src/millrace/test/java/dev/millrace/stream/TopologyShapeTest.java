package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.stream.TopologyShape.Kind;
import dev.millrace.stream.TopologyShape.Piece;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.Test;

class TopologyShapeTest {

    private static final Piece SOURCE = new Piece("a", 0, Kind.SOURCE, "from-x", List.of("x"), List.of("work"));
    private static final Piece WORK = new Piece("a", 0, Kind.PROCESSOR, "work", List.of(), List.of("to-y", "kept"));
    private static final Piece KEPT = new Piece("a", 0, Kind.STORE, "kept", List.of("a-kept-changelog"), List.of());
    private static final Piece SINK = new Piece("a", 0, Kind.SINK, "to-y", List.of("y"), List.of());
    private static final TopologyShape SHAPE = new TopologyShape(List.of(SINK, KEPT, WORK, SOURCE));

    @Test
    void theLearnerHasItsStoreAndTopics() {
        Topology learner = MillraceTopology.learn(
                Streams.topics(), Streams.trainer(), Duration.ofSeconds(1), Streams.wire(), Streams.terms());

        TopologyShape shape =
                TopologyShape.of(new Applications(Map.of(Part.LEARN, learner)), part -> "millrace-" + part.suffix());

        assertThat(shape.parts().stream().map(Piece::text))
                .contains(
                        "store learner of millrace-learn, sub-topology 0, topics millrace-learn-learner-changelog",
                        "sink to-item-neighbours of millrace-learn, sub-topology 0, topics item-neighbours",
                        "source from-training-examples of millrace-learn, sub-topology 0, topics training-examples,"
                                + " to learn");
        assertThat(shape.parts()).filteredOn(part -> part.kind() == Kind.SINK).hasSize(7);
    }

    @Test
    void whatAnUpgradeChangesIsSaidWithItsEffect() {
        Piece moved = new Piece("a", 1, Kind.SINK, "to-y", List.of("y"), List.of());
        Piece fresh = new Piece("a", 0, Kind.SINK, "to-z", List.of("z"), List.of());

        List<String> changes = new TopologyShape(List.of(SOURCE, WORK, moved, fresh)).changesSince(SHAPE);

        assertThat(SHAPE.changesSince(SHAPE)).isEmpty();
        assertThat(SHAPE.parts()).isSortedAccordingTo(Piece.BY_PLACE);
        assertThat(changes).hasSize(3);
        assertThat(changes.get(0))
                .isEqualToNormalizingNewlines(
                        """
                        - store kept of a, sub-topology 0, topics a-kept-changelog
                          what its changelog holds is not read any more""");
        assertThat(changes.get(1))
                .isEqualToNormalizingNewlines(
                        """
                        ~ sink to-y of a, sub-topology 1, topics y
                          before: sink to-y of a, sub-topology 0, topics y
                          its tasks have other names: local state is not found, and is restored""");
        assertThat(changes.get(2))
                .startsWith("+ sink to-z of a, sub-topology 0, topics z")
                .contains("topics create");
    }
}
