package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import java.util.List;

/** Is told of each ranked event: for figures that the stream does not keep. */
public interface ExamWitness {

    /** Looks away. */
    ExamWitness NONE = (example, byModel, byPopularity) -> {};

    /**
     * An event was ranked, before the model and the baseline learnt from it.
     *
     * @param byModel places of its item by the towers, from 1, by the weights of the settings and then by each of the others; a tie
     *     counts half a place
     * @param byPopularity the same by decayed popularity
     */
    void ranked(TrainingExample example, List<Double> byModel, double byPopularity);
}
