package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;

/** Is told of each ranked event: for figures that the stream does not keep. */
public interface ExamWitness {

    /** Looks away. */
    ExamWitness NONE = (example, byModel, byPopularity) -> {};

    /**
     * An event was ranked, before the model and the baseline learnt from it.
     *
     * @param byModel place of its item by the towers, from 1; a tie counts half a place
     * @param byPopularity the same by decayed popularity
     */
    void ranked(TrainingExample example, double byModel, double byPopularity);
}
