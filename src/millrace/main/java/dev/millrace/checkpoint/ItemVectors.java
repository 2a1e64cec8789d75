package dev.millrace.checkpoint;

import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The vectors of all items of a learner's catalogue as files for other programs, bit for bit as they are published: {@code
 * vectors.npy} with {@code ids.txt}, an id a line in the order of the rows, and {@code vectors.csv}; {@code vectors.json} says which
 * learner they come from, and is written last.
 */
public final class ItemVectors {

    private static final int BLOCK = 1024;

    private ItemVectors() {}

    /**
     * Writes the files, in the place of those that are there.
     *
     * @return items written
     */
    public static int write(Path directory, Checkpoint.Header header, Trainer learner) throws IOException {
        List<String> items = learner.items().stream().sorted().toList();
        int width = learner.dim();
        WholeFile.write(directory.resolve("vectors.npy"), out -> {
            Blocks blocks = new Blocks(items, learner);
            NumpyArray array = new NumpyArray(out, items.size(), width);
            float[] vector = new float[width];
            for (int item = 0; item < items.size(); item++) {
                blocks.copy(item, vector);
                array.write(vector);
            }
        });
        WholeFile.write(directory.resolve("ids.txt"), out -> {
            for (String item : items) {
                out.write((item + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
        WholeFile.write(directory.resolve("vectors.csv"), out -> {
            Blocks blocks = new Blocks(items, learner);
            CsvMapper csv = new CsvMapper();
            csv.configure(CsvGenerator.Feature.ALWAYS_QUOTE_STRINGS, true);
            SequenceWriter rows = csv.writer().writeValues(out);
            List<Object> names = new ArrayList<>(List.of("item"));
            for (int at = 0; at < width; at++) {
                names.add("v" + at);
            }
            rows.write(names);
            float[] vector = new float[width];
            for (int item = 0; item < items.size(); item++) {
                blocks.copy(item, vector);
                List<Object> row = new ArrayList<>(List.of(items.get(item)));
                for (float component : vector) {
                    row.add(component);
                }
                rows.write(row);
            }
            rows.flush();
        });
        ExportManifest manifest = new ExportManifest(header);
        manifest.root().put("items", items.size()).put("width", width);
        manifest.write(directory.resolve("vectors.json"));
        return items.size();
    }

    /** Vectors by the number of their item, computed some at a time. */
    private static final class Blocks {

        private final List<String> items;
        private final Trainer learner;
        private float[] block = new float[0];
        private int from;
        private int end;

        Blocks(List<String> items, Trainer learner) {
            this.items = items;
            this.learner = learner;
        }

        void copy(int item, float[] out) {
            if (item < from || item >= end) {
                from = item;
                end = Math.min(items.size(), item + BLOCK);
                block = new float[(end - from) * learner.dim()];
                learner.vectors(items.subList(from, end), block);
            }
            System.arraycopy(block, (item - from) * out.length, out, 0, out.length);
        }
    }
}
