package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;

/**
 * How many old examples a batch learns again.
 *
 * @param examples most a batch; 0: none, and none are remembered
 * @param batches number of the last batches that they are drawn from
 */
public record RehearsalSettings(int examples, int batches) {

    static RehearsalSettings read(SettingsReader reader) {
        return new RehearsalSettings(
                reader.integer(
                        "rehearsal.examples",
                        0,
                        0,
                        8192,
                        "old examples that each batch learns again beside its own; 0: none"),
                reader.integer(
                        "rehearsal.batches",
                        256,
                        1,
                        100_000,
                        "last batches that old examples are drawn from; all examples of these are kept, about 1 KB each, on the heap and in the state"));
    }
}
