package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;

/** How many old examples a batch learns again. */
public record RehearsalSettings(int examples, int batches) {

    static RehearsalSettings read(SettingsReader reader) {
        return new RehearsalSettings(
                reader.integer(
                        "rehearsal.examples = 0 in [0, 8192]: old examples that each batch learns again beside its own; 0: none"),
                reader.integer(
                        "rehearsal.batches = 256 in [1, 100000]: last batches that old examples are drawn from; all "
                                + "examples of these are kept, about 1 KB each, on the heap and in the state"));
    }
}
