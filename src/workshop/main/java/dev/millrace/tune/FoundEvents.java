package dev.millrace.tune;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.exam.ExamWitness;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which events were found among the first k. So two models are compared on the same events. */
public final class FoundEvents implements ExamWitness {

    /**
     * How much more one model finds than another.
     *
     * @param events that both ranked
     * @param mean difference of the recalls over these events
     * @param standardError of the mean, from the differences of single events
     */
    public record Gain(long events, double mean, double standardError) {

        /** Returns true if the gain is above what chance alone gives once in some forty times. */
        public boolean isCertain() {
            return mean > 2 * standardError;
        }
    }

    private final int cutoff;
    private final Map<String, Boolean> found = new HashMap<>();

    /** @param cutoff k */
    public FoundEvents(int cutoff) {
        this.cutoff = cutoff;
    }

    @Override
    public void ranked(TrainingExample example, List<Double> byModel, double byPopularity) {
        found.put(example.id(), byModel.get(0) <= cutoff);
    }

    /** Returns what this one finds more than another. */
    public Gain over(FoundEvents other) {
        long events = 0;
        long sum = 0;
        long squares = 0;
        for (Map.Entry<String, Boolean> entry : found.entrySet()) {
            Boolean before = other.found.get(entry.getKey());
            if (before != null) {
                int difference = (entry.getValue() ? 1 : 0) - (before ? 1 : 0);
                events++;
                sum += difference;
                squares += Math.abs(difference);
            }
        }
        if (events == 0) {
            return new Gain(0, 0, 0);
        }
        double mean = (double) sum / events;
        return new Gain(events, mean, Math.sqrt(((double) squares / events - mean * mean) / events));
    }
}
