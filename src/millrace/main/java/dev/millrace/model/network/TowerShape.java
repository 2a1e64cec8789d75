package dev.millrace.model.network;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The whole network of one tower: field weights, shared layers, and channels, whose outputs are concatenated.
 *
 * <p>Order of the tensors: field weights, shared layers, then each channel. The output is not normalised.
 *
 * @param starts first column of each field of the input, then the end of the last
 * @param skips first column of each pooled row that is added to each channel's output
 * @param senet field weights; empty if fields have none
 * @param bottom layers that the mlp channels share; other channels read the fields
 * @param sequences columns behind the fields, which graphs alone read: rows of histories
 * @param channels all of the same output width
 */
public record TowerShape(
        List<Integer> starts,
        List<Integer> skips,
        Optional<SenetShape> senet,
        Optional<MlpShape> bottom,
        List<GraphInput> sequences,
        List<NetworkShape> channels)
        implements NetworkShape {

    public TowerShape {
        starts = List.copyOf(starts);
        skips = List.copyOf(skips);
        sequences = List.copyOf(sequences);
        channels = List.copyOf(channels);
    }

    /**
     * Returns the shape of the user tower.
     *
     * @param dim width of a channel
     */
    public static TowerShape user(TowerSettings towers, int dim, List<FeatureSpec> features) {
        return of(towers, dim, features, towers.userHidden(), towers.senet().user(), TowerSettings.Channel::user);
    }

    /**
     * Returns the shape of the item tower.
     *
     * @param dim width of a channel
     */
    public static TowerShape item(TowerSettings towers, int dim, List<FeatureSpec> features) {
        return of(towers, dim, features, towers.itemHidden(), towers.senet().item(), TowerSettings.Channel::item);
    }

    private static TowerShape of(
            TowerSettings towers,
            int dim,
            List<FeatureSpec> features,
            List<Integer> hidden,
            boolean isWeighted,
            Function<TowerSettings.Channel, Optional<DeclaredGraph>> graphs) {
        List<Integer> starts = new ArrayList<>();
        List<Integer> skips = new ArrayList<>();
        List<Integer> fields = new ArrayList<>();
        int width = 0;
        for (FeatureSpec feature : features) {
            starts.add(width);
            if (feature.dim() == dim) {
                fields.add(width);
            }
            if (towers.skip() && feature.hasRows() && feature.dim() == dim) {
                skips.add(width);
            }
            width += feature.dim();
        }
        starts.add(width);
        int inputs = width;
        List<GraphInput> sequences = sequences(towers.channels().stream().map(graphs), features, inputs);
        Optional<MlpShape> bottom =
                towers.sharedBottom().isEmpty() ? Optional.empty() : Optional.of(bottom(inputs, towers));
        int sharedInputs = bottom.map(MlpShape::outputs).orElse(inputs);
        List<NetworkShape> channels = new ArrayList<>();
        for (TowerSettings.Channel channel : towers.channels()) {
            MlpShape dense =
                    MlpShape.of(sharedInputs, hidden, dim, towers.activation()).withDropout(towers.dropout());
            channels.add(
                    switch (channel.kind()) {
                        case MLP -> dense;
                        case CROSS -> new CrossShape(inputs, towers.crossDepth(), dim);
                        case FM -> new FmShape(inputs, fields, dim, dim);
                        case DL4J ->
                            graphs.apply(channel)
                                    .<NetworkShape>map(graph -> graph(graph, inputs, sequences, dim))
                                    .orElse(dense);
                    });
        }
        Optional<SenetShape> senet = isWeighted
                ? Optional.of(new SenetShape(starts, excitation(features.size(), towers)))
                : Optional.empty();
        return new TowerShape(starts, skips, senet, bottom, sequences, channels);
    }

    /** The histories that graphs read, behind the fields of an input row. */
    private static List<GraphInput> sequences(
            Stream<Optional<DeclaredGraph>> graphs, List<FeatureSpec> features, int width) {
        Set<String> read = graphs.flatMap(Optional::stream)
                .flatMap(graph -> graph.inputs().stream())
                .collect(Collectors.toSet());
        List<GraphInput> sequences = new ArrayList<>();
        int first = width;
        for (FeatureSpec feature : features) {
            if (feature.isHistory() && read.contains(feature.name())) {
                GraphInput sequence = new GraphInput(feature.name(), first, feature.dim(), feature.maxValues());
                sequences.add(sequence);
                first += sequence.columns();
            }
        }
        return sequences;
    }

    private static GraphShape graph(DeclaredGraph graph, int fields, List<GraphInput> sequences, int dim) {
        GraphInput features = new GraphInput(GraphInput.FEATURES, 0, fields, 0);
        List<GraphInput> known =
                Stream.concat(Stream.of(features), sequences.stream()).toList();
        List<GraphInput> columns = graph.inputs().stream()
                .flatMap(name -> known.stream().filter(input -> input.name().equals(name)))
                .toList();
        return new GraphShape(graph, columns, fields + columns(sequences), dim);
    }

    private static int columns(List<GraphInput> sequences) {
        return sequences.stream().mapToInt(GraphInput::columns).sum();
    }

    private static MlpShape bottom(int inputs, TowerSettings towers) {
        List<Integer> widths = new ArrayList<>(towers.sharedBottom());
        widths.add(0, inputs);
        return new MlpShape(widths, towers.activation(), towers.activation(), towers.dropout());
    }

    private static MlpShape excitation(int fields, TowerSettings towers) {
        TowerSettings.Senet senet = towers.senet();
        int squeezed = Math.max(1, fields / senet.reduction());
        return new MlpShape(List.of(fields, squeezed, fields), senet.hidden(), senet.weight(), 0);
    }

    /** Width of a channel's output. */
    public int dim() {
        return channels.get(0).outputs();
    }

    /** Returns why a graph cannot run, by the number of its channel. */
    public Map<Integer, String> graphFaults() {
        Map<Integer, String> faults = new TreeMap<>();
        for (int channel = 0; channel < channels.size(); channel++) {
            if (channels.get(channel) instanceof GraphShape graph) {
                int at = channel;
                graph.fault().ifPresent(rule -> faults.put(at, rule));
            }
        }
        return faults;
    }

    /** Returns whether a channel reads the shared layers. */
    boolean isOnBottom(int channel) {
        return bottom.isPresent() && channels.get(channel) instanceof MlpShape;
    }

    /** Width of the fields, which are the first columns of an input row. */
    public int fields() {
        return starts.get(starts.size() - 1);
    }

    /** Returns whether a channel reads histories beside the fields. */
    boolean isOnSequences(int channel) {
        return !sequences.isEmpty() && channels.get(channel) instanceof GraphShape;
    }

    @Override
    public int inputs() {
        return fields() + columns(sequences);
    }

    @Override
    public int outputs() {
        return channels.size() * dim();
    }

    /** The first channel draws from the tower's own seed, so that another channel does not change its initial weights. */
    @Override
    public float[][] initialWeights(Engine engine, long seed, double outputScale) {
        List<float[]> all = new ArrayList<>();
        senet.ifPresent(part -> Collections.addAll(
                all, part.initialWeights(engine, CounterRandom.bits(seed, TowerNetwork.SENET, 0), 1)));
        bottom.ifPresent(part -> Collections.addAll(
                all, part.initialWeights(engine, CounterRandom.bits(seed, TowerNetwork.BOTTOM, 0), 1)));
        for (int c = 0; c < channels.size(); c++) {
            long own = c == 0 ? seed : CounterRandom.bits(seed, c, 0);
            Collections.addAll(all, channels.get(c).initialWeights(engine, own, outputScale));
        }
        return all.toArray(float[][]::new);
    }

    @Override
    public TowerNetwork kernel(float[][] weights, float[][] gradients, Run run) {
        return new TowerNetwork(this, weights, gradients, run);
    }

    @Override
    public List<Layer> layers() {
        return parts().flatMap(part -> part.layers().stream()).toList();
    }

    @Override
    public int tensors() {
        return parts().mapToInt(NetworkShape::tensors).sum();
    }

    @Override
    public float[][] zeros() {
        return parts().flatMap(part -> Arrays.stream(part.zeros())).toArray(float[][]::new);
    }

    @Override
    public long multiplyAdds() {
        return parts().mapToLong(NetworkShape::multiplyAdds).sum();
    }

    /** The parts of the network, in the order of their tensors. */
    Stream<NetworkShape> parts() {
        return Stream.of(senet.stream(), bottom.stream(), channels.stream()).flatMap(parts -> parts);
    }

    /** Returns the tensors of each part. */
    Iterator<float[][]> split(float[][] tensors) {
        int[] end = {0};
        return parts().map(part -> {
                    end[0] += part.tensors();
                    return Arrays.copyOfRange(tensors, end[0] - part.tensors(), end[0]);
                })
                .iterator();
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        Iterator<float[][]> own = split(tensors);
        String fields = senet.isPresent() ? senet.get().export(to, own.next(), in) : in;
        String shared = bottom.isPresent() ? bottom.get().export(to, own.next(), fields) : fields;
        List<String> outputs = new ArrayList<>();
        for (int c = 0; c < channels.size(); c++) {
            String out = channels.get(c).export(to, own.next(), isOnBottom(c) ? shared : fields);
            for (int skip : skips) {
                out = to.sum(out, to.columns(fields, skip, skip + dim()));
            }
            outputs.add(out);
        }
        return to.sideBySide(outputs);
    }

    /** Adds some columns of row-major matrices; a stride is the width of a whole row. */
    static void addColumns(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        Loops loops = Loops.now();
        for (int i = 0; i < n; i++) {
            loops.add(into, intoAt + i * intoStride, from, fromAt + i * fromStride, width);
        }
    }

    /** As {@link #addColumns}, in place of what was there. */
    static void copyColumns(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        for (int i = 0; i < n; i++) {
            System.arraycopy(from, fromAt + i * fromStride, into, intoAt + i * intoStride, width);
        }
    }
}
