package dev.millrace.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.model.InputField;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Side;
import dev.millrace.model.TwoTower;
import dev.millrace.model.UserChannel;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.UnexportableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Both towers as files for other programs: {@code user.onnx} and {@code item.onnx}, or {@code .zip}, the networks; each table's rows as {@code
 * table-N.npy} with {@code table-N.keys}, a JSON string a line in the order of the rows; {@code towers.json}, written last, says how
 * an input row is made of them (docs/checkpoints.md).
 */
public final class TowerFiles {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a network is written as. */
    public enum Form {
        ONNX(".onnx"),
        /** A {@code ComputationGraph} that DeepLearning4J saved. */
        DL4J(".zip");

        private final String suffix;

        Form(String suffix) {
            this.suffix = suffix;
        }
    }

    private TowerFiles() {}

    /**
     * Writes the files, in the place of those that are there.
     *
     * @throws UnexportableException if a network has a part without a counterpart in that form; no tower is written then
     */
    public static void write(
            Path directory, Form form, Checkpoint.Header header, ModelSettings settings, TwoTower model)
            throws IOException {
        Map<String, String> properties = Map.of(
                "generation", header.lineage().generation(),
                "step", Long.toString(header.step()),
                "digest", header.learnt().digest());
        Map<Side, byte[]> towers = new EnumMap<>(Side.class);
        for (Side side : Side.values()) {
            towers.put(side, tower(side, form, properties, model));
        }
        for (Side side : Side.values()) {
            WholeFile.write(directory.resolve(side.text() + form.suffix), out -> out.write(towers.get(side)));
        }
        ExportManifest manifest = new ExportManifest(header);
        ObjectNode root = manifest.root();
        root.put("seed", settings.seed())
                .put("rowScale", settings.rowScale())
                .put("temperature", model.temperature())
                .put("width", model.dim());
        ArrayNode channels = root.putArray("channels");
        for (UserChannel channel : model.userChannels()) {
            channels.addObject()
                    .put("name", channel.name())
                    .put("weight", channel.weight())
                    .put("factor", channel.factor());
        }
        for (Side side : Side.values()) {
            describe(root.putObject(side.text()), side.text() + form.suffix, side, model);
        }
        writeTables(directory, root.putArray("tables"), model);
        manifest.write(directory.resolve("towers.json"));
    }

    private static byte[] tower(Side side, Form form, Map<String, String> properties, TwoTower model)
            throws IOException {
        return switch (form) {
            case ONNX -> {
                OnnxTower tower = new OnnxTower(side.text() + "_tower");
                model.exportTower(side, tower);
                yield tower.bytes(properties);
            }
            case DL4J -> {
                Dl4jTower tower = new Dl4jTower();
                model.exportTower(side, tower);
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                tower.write(bytes);
                yield bytes.toByteArray();
            }
        };
    }

    private static void describe(ObjectNode tower, String file, Side side, TwoTower model) {
        List<InputField> fields = model.inputFields(side);
        InputField last = fields.get(fields.size() - 1);
        tower.put("file", file).put("inputs", last.first() + last.feature().dim());
        for (GraphInput sequence : model.sequences(side)) {
            tower.withArrayProperty("sequences")
                    .addObject()
                    .put("name", sequence.name())
                    .put("width", sequence.width())
                    .put("places", sequence.places());
        }
        ArrayNode described = tower.putArray("features");
        for (InputField field : fields) {
            FeatureSpec feature = field.feature();
            ObjectNode one = described
                    .addObject()
                    .put("name", feature.name())
                    .put("source", name(feature.source()))
                    .put("kind", name(feature.kind()))
                    .put("first", field.first())
                    .put("width", feature.dim());
            if (feature.isHistoryOfFeature()) {
                pooled(one, field);
            }
            switch (feature.kind()) {
                case ID, CATEGORICAL, AGE -> one.put("table", feature.table());
                case BAG -> pooled(one, field);
                case TEXT ->
                    pooled(one, field)
                            .put("words", feature.grams().words())
                            .put("characters", feature.grams().characters())
                            .put("buckets", feature.grams().buckets());
                case NUMERIC -> one.put("mean", field.mean()).put("deviation", field.deviation());
                case VECTOR -> {
                    // as it comes
                }
            }
        }
    }

    private static ObjectNode pooled(ObjectNode one, InputField field) {
        FeatureSpec feature = field.feature();
        one.put("table", feature.table())
                .put("maxValues", feature.maxValues())
                .put("pooling", name(feature.pooling().kind()));
        if (feature.pooling().kind() == Pooling.Kind.RECENCY) {
            one.put("decay", feature.pooling().decay());
        }
        if (!field.weights().isEmpty()) {
            field.weights().forEach(one.putArray("weights")::add);
        }
        return one;
    }

    private static void writeTables(Path directory, ArrayNode described, TwoTower model) throws IOException {
        int number = 0;
        Map<String, Long> sizes = model.tableSizes();
        for (Map.Entry<String, Integer> table : model.tableWidths().entrySet()) {
            String name = table.getKey();
            String rowFile = "table-" + number + ".npy";
            String keyFile = "table-" + number + ".keys";
            number++;
            long count = sizes.getOrDefault(name, 0L);
            int width = table.getValue();
            WholeFile.write(directory.resolve(rowFile), out -> {
                NumpyArray array = new NumpyArray(out, count, width);
                forEachRow(model, name, (key, row) -> array.write(row));
            });
            WholeFile.write(
                    directory.resolve(keyFile),
                    out -> forEachRow(
                            model,
                            name,
                            (key, row) ->
                                    out.write((JSON.writeValueAsString(key) + "\n").getBytes(StandardCharsets.UTF_8))));
            described
                    .addObject()
                    .put("name", name)
                    .put("rows", count)
                    .put("width", width)
                    .put("file", rowFile)
                    .put("keys", keyFile);
        }
    }

    private static void forEachRow(TwoTower model, String table, NumpyArray.Rows each) throws IOException {
        try {
            model.forEachRow(table, (key, row) -> {
                try {
                    each.row(key, row);
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
