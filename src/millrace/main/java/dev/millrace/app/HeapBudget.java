package dev.millrace.app;

import dev.millrace.batch.BatchSettings;
import dev.millrace.model.ModelSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bytes of heap that a trainer takes once everything that settings bound is full.
 *
 * <p>Announced items are not in it: as many are there as {@code items} announces, each with its features.
 */
record HeapBudget(List<Part> parts) {

    /** One part, with ids and values of {@value #USUAL_KEY} characters. */
    record Part(String name, long bytes) {}

    private static final Logger LOG = LoggerFactory.getLogger(HeapBudget.class);

    private static final int USUAL_KEY = 16;

    /** Settings are refused if not even a tenth of what they allow has room. */
    private static final int GROSSLY = 10;

    /** Of a row, beside floats and key: the index at a quarter of its capacity, moment and time, share, reference, and room to grow. */
    private static final int A_ROW = 64 + 24 + 8 + 70;

    /** Of an item without features, beside its id and its vector in the exam: catalogue, sighting, popularity, age of its vector. */
    private static final int AN_ITEM = 560;

    /** Object headers of a text. */
    private static final int A_TEXT = 48;

    /** Of an example that may be rehearsed: encoded, with a history of 20. */
    private static final int AN_EXAMPLE = 1024;

    private static final long SIGHTINGS = 1 << 20;
    private static final int OBJECTS_A_BYTE = 4; // of a record, as objects

    static HeapBudget of(MillraceSettings settings) {
        ModelSettings model = settings.trainer().model();
        BatchSettings batch = settings.trainer().batch();
        List<Part> parts = new ArrayList<>();
        long rows = 0;
        for (int floats : model.floatsARow().values()) {
            rows += model.maxRows() * (A_ROW + A_TEXT + (long) Float.BYTES * floats + USUAL_KEY);
        }
        parts.add(new Part(
                "embedding rows (table.cache-bytes, table.max-rows)",
                Math.min(rows, settings.trainer().cacheBytes())
                        + SIGHTINGS * model.floatsARow().size()));
        long items = batch.unannounced().max();
        parts.add(new Part(
                items + " unannounced items (catalogue.max-unannounced)",
                items * (AN_ITEM + A_TEXT + (long) Float.BYTES * model.width() + USUAL_KEY)));
        parts.add(new Part("a mini-batch (batch.*, limits.*)", (long) OBJECTS_A_BYTE * batch.maxBytes()));
        if (batch.rehearsal().examples() > 0) {
            long batches = batch.rehearsal().batches();
            parts.add(new Part(
                    "examples of the last " + batches + " batches (rehearsal.batches)",
                    batches * batch.maxSize() * AN_EXAMPLE));
        }
        return new HeapBudget(parts);
    }

    long usual() {
        return parts.stream().mapToLong(Part::bytes).sum();
    }

    /**
     * Logs the parts, and warns if the heap is smaller than their usual sum.
     *
     * @param heap the largest that it can become, bytes
     * @throws InvalidSettingsException if the settings allow many times what the heap holds
     */
    void check(long heap) {
        for (Part part : parts) {
            LOG.info("Heap when full: {} for {}", mib(part.bytes), part.name);
        }
        LOG.info("Heap when full: {} in all; the heap has {}", mib(usual()), mib(heap));
        if (usual() / GROSSLY > heap) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "table.cache-bytes, catalogue.max-unannounced, rehearsal.batches",
                    "together " + mib(usual()) + " of heap when full",
                    "must be at most " + GROSSLY + " times the heap of " + mib(heap)
                            + "; lower them, or give more heap (MILLRACE_HEAP)")));
        }
        if (usual() > heap) {
            LOG.warn(
                    "The settings may need {} of heap, but there are {}: the process may run out of memory. Lower"
                            + " table.cache-bytes, catalogue.max-unannounced or rehearsal.batches, or set"
                            + " MILLRACE_HEAP",
                    mib(usual()),
                    mib(heap));
        }
    }

    private static String mib(long bytes) {
        return (bytes >> 20) + " MiB";
    }
}
