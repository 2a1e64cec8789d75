package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;

/** How many old examples a batch learns again. */
public record RehearsalSettings(int examples, int batches) {

    static RehearsalSettings read(SettingsReader reader) {
        return new RehearsalSettings(
                reader.integer(
                        "rehearsal.examples = 0 in [0, 8192]: number of old examples that each batch learns again "
                                + "beside its own; 0: none"),
                reader.integer(
                        "rehearsal.batches = 256 in [1, 100000]: number of last batches that old examples are drawn "
                                + "from; all their examples are kept on the heap and in the state, about 1 KB each"));
    }
}
