package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;

/** What a protocol does with what a {@link Runner} feeds: it ranks, has the model learn, and counts. */
interface Score {

    /** Takes a batch of one of the passes before the last. */
    void repeat(MiniBatch batch);

    /** Takes a batch of a part, in the last pass. */
    void take(MiniBatch batch, Split.Part part);

    /** Told before the first example of a part. */
    default void begin(Split.Part part) {}

    /** Told behind the last batch of a part, or where it was stopped. */
    default void end(Split.Part part) {}

    /** Told of an example of a part just before it is fed. */
    default void fed(TrainingExample example, Split.Part part) {}

    /** Told of a change of the catalogue where it stands between the examples. Returns true if it has fed it; else it is fed in its time. */
    default boolean change(RecordedExamples.Change change) {
        return false;
    }
}
