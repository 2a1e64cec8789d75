package dev.millrace.checkpoint;

import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
            NumpyArray array = new NumpyArray(out, items.size(), width);
            forEach(items, learner, (item, vector) -> array.write(vector));
        });
        WholeFile.write(directory.resolve("ids.txt"), out -> {
            for (String item : items) {
                out.write((item + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
        WholeFile.write(directory.resolve("vectors.csv"), out -> {
            CsvMapper csv = new CsvMapper();
            csv.configure(CsvGenerator.Feature.ALWAYS_QUOTE_STRINGS, true);
            SequenceWriter rows = csv.writer().writeValues(out);
            List<Object> names = new ArrayList<>(List.of("item"));
            for (int at = 0; at < width; at++) {
                names.add("v" + at);
            }
            rows.write(names);
            forEach(items, learner, (item, vector) -> {
                List<Object> row = new ArrayList<>(List.of(item));
                for (float component : vector) {
                    row.add(component);
                }
                rows.write(row);
            });
            rows.flush();
        });
        ExportManifest manifest = new ExportManifest(header);
        manifest.root().put("items", items.size()).put("width", width);
        manifest.write(directory.resolve("vectors.json"));
        return items.size();
    }

    /** Gives each item with its vector, computed some at a time. */
    private static void forEach(List<String> items, Trainer learner, NumpyArray.Rows each) throws IOException {
        int width = learner.dim();
        for (int from = 0; from < items.size(); from += BLOCK) {
            List<String> some = items.subList(from, Math.min(items.size(), from + BLOCK));
            float[] vectors = new float[some.size() * width];
            learner.vectors(some, vectors);
            for (int at = 0; at < some.size(); at++) {
                each.row(some.get(at), Arrays.copyOfRange(vectors, at * width, (at + 1) * width));
            }
        }
    }
}
