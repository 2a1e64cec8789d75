package dev.millrace.stream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.streams.TopologyDescription;

/**
 * The nodes and stores of applications: what a start with the state of an earlier build must find again.
 *
 * @param parts by application, then in the order of {@link Piece#BY_PLACE}
 */
public record TopologyShape(List<Piece> parts) {

    public TopologyShape {
        parts = parts.stream().sorted(Piece.BY_PLACE).toList();
    }

    /** What a part is. */
    public enum Kind {
        SOURCE,
        PROCESSOR,
        STORE,
        SINK
    }

    /**
     * A node, or a store.
     *
     * @param application its id
     * @param subTopology its number, which is the first number of its tasks' names
     * @param topics that a source reads, a sink writes, or a store keeps its changelog in
     * @param to nodes that a node hands on to; of a processor its stores too
     */
    public record Piece(
            String application, int subTopology, Kind kind, String name, List<String> topics, List<String> to) {

        static final Comparator<Piece> BY_PLACE = Comparator.comparing(Piece::application)
                .thenComparing(Piece::subTopology)
                .thenComparing(Piece::kind)
                .thenComparing(Piece::name);

        public Piece {
            topics = topics.stream().sorted().toList();
            to = to.stream().sorted().toList();
        }

        private String id() {
            return application + " " + kind + " " + name;
        }

        /** Returns the part in words. */
        public String text() {
            String what = kind.name().toLowerCase(Locale.ROOT) + " " + name + " of " + application + ", sub-topology "
                    + subTopology;
            String ofTopics = topics.isEmpty() ? "" : ", topics " + String.join(", ", topics);
            return what + ofTopics + (to.isEmpty() ? "" : ", to " + String.join(", ", to));
        }
    }

    /** @param ids returns an application's id */
    public static TopologyShape of(Applications applications, Function<Part, String> ids) {
        List<Piece> parts = new ArrayList<>();
        applications.topologies().forEach((part, topology) -> topology.describe()
                .subtopologies()
                .forEach(sub -> sub.nodes().forEach(node -> add(ids.apply(part), sub.id(), node, parts))));
        return new TopologyShape(parts);
    }

    private static void add(String application, int sub, TopologyDescription.Node node, List<Piece> parts) {
        List<String> to =
                node.successors().stream().map(TopologyDescription.Node::name).toList();
        if (node instanceof TopologyDescription.Source source) {
            parts.add(new Piece(application, sub, Kind.SOURCE, node.name(), List.copyOf(source.topicSet()), to));
        } else if (node instanceof TopologyDescription.Sink sink) {
            parts.add(new Piece(application, sub, Kind.SINK, node.name(), List.of(sink.topic()), to));
        } else if (node instanceof TopologyDescription.Processor processor) {
            List<String> stores = List.copyOf(processor.stores());
            parts.add(new Piece(
                    application,
                    sub,
                    Kind.PROCESSOR,
                    node.name(),
                    List.of(),
                    Stream.concat(to.stream(), stores.stream()).toList()));
            stores.forEach(store -> parts.add(new Piece(
                    application,
                    sub,
                    Kind.STORE,
                    store,
                    List.of(MillraceTopology.changelog(application, store)),
                    List.of())));
        }
    }

    /** Returns, a line each, what an upgrade from another shape to this one changes; empty if both are equal. */
    public List<String> changesSince(TopologyShape before) {
        SortedMap<String, Piece> old = byId(before);
        SortedMap<String, Piece> now = byId(this);
        List<String> changes = new ArrayList<>();
        old.forEach((id, part) -> {
            if (!now.containsKey(id)) {
                changes.add("- " + part.text() + effectOfLoss(part));
            }
        });
        now.forEach((id, part) -> {
            if (!old.containsKey(id)) {
                changes.add("+ " + part.text() + effectOfGain(part));
            } else if (!part.equals(old.get(id))) {
                Piece was = Objects.requireNonNull(old.get(id));
                changes.add("~ " + part.text() + System.lineSeparator() + "  before: " + was.text()
                        + (part.subTopology() == was.subTopology()
                                ? ""
                                : System.lineSeparator()
                                        + "  its tasks have other names: local state is not found, and is restored"));
            }
        });
        return changes;
    }

    private static String effectOfLoss(Piece part) {
        return switch (part.kind()) {
            case STORE -> System.lineSeparator() + "  what its changelog holds is not read any more";
            case SOURCE -> System.lineSeparator() + "  records that come there are not read any more";
            case PROCESSOR, SINK -> "";
        };
    }

    private static String effectOfGain(Piece part) {
        return switch (part.kind()) {
            case SINK, SOURCE ->
                System.lineSeparator()
                        + "  the topic must be there, and the application may use it: millrace topics create, millrace"
                        + " topics acls";
            case STORE -> System.lineSeparator() + "  it begins empty";
            case PROCESSOR -> "";
        };
    }

    private static SortedMap<String, Piece> byId(TopologyShape shape) {
        SortedMap<String, Piece> byId = new TreeMap<>();
        shape.parts.forEach(part -> byId.put(part.id(), part));
        return byId;
    }
}
