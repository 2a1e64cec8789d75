package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import java.util.List;

/** Receives each ranked event, for figures that the stream does not keep; not those of an exam that was open when the learner was restored. */
public interface ExamWitness {

    /** Ignores all events. */
    ExamWitness NONE = (example, byModel, byPopularity) -> {};

    /**
     * Receives a ranked event, before the model and the baseline learn from it.
     *
     * @param byModel places of its item by the model, from 1: by the weights of the settings first, then by each of the
     *     further weights; a tie counts half a place
     * @param byPopularity place of its item by decayed popularity, in the same way
     */
    void ranked(TrainingExample example, List<Double> byModel, double byPopularity);
}
