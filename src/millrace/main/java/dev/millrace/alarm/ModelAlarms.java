package dev.millrace.alarm;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamWindow;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures the model every so many steps and judges each value by its limit. It does not change the model. One thread.
 *
 * <p>Values depend on the learnt steps and the exam alone, so that a learner of the same log gives the same alarms.
 */
public final class ModelAlarms implements Durable {

    private static final long SAMPLE_STREAM = 0x616c61726dL;
    private static final int MEASUREMENTS_OF_A_TREND = 8;

    private final AlarmSettings settings;
    private final byte[] key;
    private final ExamWindow recall;
    private final Map<Symptom, Alarm> alarms = new EnumMap<>(Symptom.class);
    private long steps; // learnt since the last measurement
    private double gradientNorms; // their sum
    private double masked;
    private double repeated;
    private double medianProbabilities;
    private double firstLength;
    private double gradientTrend;
    private long measurements;
    private final StoredFields stored = new StoredFields(this::fields);

    /** @param prefix first byte of this state's key */
    public ModelAlarms(AlarmSettings settings, char prefix) {
        this.settings = settings;
        this.key = new byte[] {(byte) prefix};
        this.recall = new ExamWindow(settings.recallWindow());
        settings.limits().forEach((kind, limit) -> alarms.put(kind, new Alarm(kind, Double.NaN, limit, 0)));
    }

    /** Returns every alarm that is on, active or not, in a fixed order. */
    public List<Alarm> alarms() {
        return List.copyOf(alarms.values());
    }

    /**
     * Takes the exam's totals.
     *
     * @param step of the log
     */
    public void examined(long step, ExamTotals totals) {
        if (!alarms.containsKey(Symptom.RECALL_BELOW_POPULARITY)) {
            return;
        }
        stored.change();
        recall.moved(step, totals)
                .map(ExamWindow.Advance::stretches)
                .filter(stretches -> !stretches.isEmpty())
                .ifPresent(stretches -> compareWithPopularity(step, stretches));
    }

    /**
     * Judges the latest stretch. A short one is below popularity by chance at times. So the alarm begins only if a stretch is
     * below it even if chance is allowed for.
     */
    private void compareWithPopularity(long step, List<ExamWindow.Stretch> stretches) {
        alarms.computeIfPresent(Symptom.RECALL_BELOW_POPULARITY, (kind, before) -> {
            double share = ofPopularity(stretches.get(0).exam());
            boolean mayBegin =
                    before.isActive() || stretches.stream().anyMatch(each -> isSurelyBelow(each, before.limit()));
            long since = share >= before.limit() || !mayBegin ? 0 : before.isActive() ? before.since() : step;
            return new Alarm(kind, share, before.limit(), since);
        });
    }

    /** Returns the model's recall over popularity's. Where popularity finds nothing, the model is not below it. */
    private double ofPopularity(ExamTotals exam) {
        double popularity = exam.popularity().recallAt(AlarmSettings.RECALL_AT);
        return popularity == 0 ? Double.MAX_VALUE : exam.model().recallAt(AlarmSettings.RECALL_AT) / popularity;
    }

    private boolean isSurelyBelow(ExamWindow.Stretch stretch, double limit) {
        if (stretch.isFull()) {
            return ofPopularity(stretch.exam()) < limit;
        }
        RankingTotals model = stretch.exam().model();
        RankingTotals popularity = stretch.exam().popularity();
        return model.estimateAt(AlarmSettings.RECALL_AT)
                .isSurelyBelow(
                        limit,
                        popularity.recallAt(AlarmSettings.RECALL_AT),
                        popularity.estimateAt(AlarmSettings.RECALL_AT).variance());
    }

    /**
     * Takes the age of the published vectors.
     *
     * @param step of the log
     * @param ofBound age of the oldest vector over the promised age
     */
    public void published(long step, double ofBound) {
        stored.changeIf(alarms.containsKey(Symptom.VECTOR_AGE));
        judge(Symptom.VECTOR_AGE, step, ofBound);
    }

    /** Takes a learnt step, and measures the model if it is time. */
    public void learnt(MiniBatch batch, StepReport report, TwoTower model, Catalogue catalogue) {
        if (batch.examples().isEmpty()) {
            return;
        }
        stored.change();
        steps++;
        gradientNorms += report.gradientNorm();
        masked += report.maskedShare();
        repeated += report.duplicateShare();
        medianProbabilities += report.medianProbability();
        if (steps >= settings.everySteps()) {
            measure(batch.step(), model, catalogue);
            steps = 0;
            gradientNorms = 0;
            masked = 0;
            repeated = 0;
            medianProbabilities = 0;
        }
    }

    @Override
    public void restore(byte[] entryKey, byte[] value) {
        if (entryKey.length > key.length) {
            throw new CorruptEntryException("the state has an alarm that this build does not know");
        }
        stored.restore(value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        stored.drain(key, sink);
    }

    private void fields(Form form) {
        steps = form.longInteger(steps);
        gradientNorms = form.number(gradientNorms);
        masked = form.number(masked);
        repeated = form.number(repeated);
        medianProbabilities = form.number(medianProbabilities);
        firstLength = form.number(firstLength);
        gradientTrend = form.number(gradientTrend);
        measurements = form.longInteger(measurements);
        for (Symptom kind : Symptom.OF_MODEL) {
            fields(kind, form);
        }
        recall.fields(form);
    }

    private void fields(Symptom kind, Form form) {
        Alarm alarm = alarms.getOrDefault(kind, new Alarm(kind, Double.NaN, 0, 0));
        double measured = form.number(alarm.value());
        long since = form.longInteger(alarm.since());
        // limits are those of today's settings; the next measurement judges by them
        alarms.computeIfPresent(kind, (same, now) -> new Alarm(kind, measured, now.limit(), since));
    }

    private void measure(long step, TwoTower model, Catalogue catalogue) {
        measurements++;
        judge(Symptom.MASKED_LOGITS, step, masked / steps);
        judge(Symptom.REPEATED_ITEMS, step, repeated / steps);
        judge(Symptom.SATURATED_PROBABILITY, step, medianProbabilities / steps);
        measureGradients(step, gradientNorms / steps);
        List<String> items = sample(step, catalogue);
        if (items.size() > 1
                && (alarms.containsKey(Symptom.EMBEDDING_COLLAPSE) || alarms.containsKey(Symptom.NORM_DRIFT))) {
            measureVectors(step, items, model);
        }
    }

    private void measureGradients(long step, double mean) {
        if (measurements > MEASUREMENTS_OF_A_TREND && gradientTrend > 0) {
            judge(Symptom.GRADIENT_NORM, step, mean / gradientTrend);
        }
        // the plain mean until there are enough measurements
        gradientTrend += (mean - gradientTrend) / Math.min(measurements, MEASUREMENTS_OF_A_TREND);
    }

    private void measureVectors(long step, List<String> items, TwoTower model) {
        float[] vectors = new float[items.size() * model.dim()];
        float[] lengths = new float[items.size()];
        model.itemVectors(items, vectors, lengths);
        judge(Symptom.EMBEDDING_COLLAPSE, step, meanCosine(vectors, items.size(), model.dim()));
        double sum = 0;
        for (float length : lengths) {
            sum += length;
        }
        double mean = sum / items.size();
        if (firstLength == 0) {
            firstLength = mean;
        }
        if (firstLength > 0) {
            judge(Symptom.NORM_DRIFT, step, mean / firstLength);
        }
    }

    /** Returns the mean cosine over all pairs of unit vectors: {@code (‖Σ v‖² − n) / (n (n − 1))}. */
    static double meanCosine(float[] vectors, int count, int dim) {
        double squares = 0;
        for (int d = 0; d < dim; d++) {
            double sum = 0;
            for (int at = 0; at < count; at++) {
                sum += vectors[at * dim + d];
            }
            squares += sum * sum;
        }
        return (squares - count) / ((double) count * (count - 1));
    }

    /** Returns different items of the catalogue, drawn by the step. */
    private List<String> sample(long step, Catalogue catalogue) {
        int size = catalogue.size();
        int wanted = Math.min(size, settings.sample());
        Set<Integer> numbers = new LinkedHashSet<>();
        for (int slot = 0; slot < wanted; slot++) {
            int number = CounterRandom.below(size, SAMPLE_STREAM, step, slot);
            while (!numbers.add(number)) {
                number = (number + 1) % size;
            }
        }
        List<String> items = new ArrayList<>(wanted);
        numbers.forEach(number -> items.add(catalogue.itemAt(number)));
        return items;
    }

    private void judge(Symptom kind, long step, double value) {
        alarms.computeIfPresent(kind, (same, before) -> {
            // NaN is beyond every limit
            boolean isWell =
                    switch (kind) {
                        case NORM_DRIFT -> value <= before.limit() && value >= 1 / before.limit();
                        case RECALL_BELOW_POPULARITY -> value >= before.limit();
                        case EMBEDDING_COLLAPSE,
                                MASKED_LOGITS,
                                REPEATED_ITEMS,
                                SATURATED_PROBABILITY,
                                GRADIENT_NORM,
                                VECTOR_AGE,
                                ORPHAN_CLICKS,
                                LATE_CLICKS,
                                CUT_WEIGHTS,
                                FAR_ITEMS,
                                MISPLACED_RECORDS,
                                MISPLACED_REMOVALS -> value <= before.limit();
                    };
            long since = isWell ? 0 : before.isActive() ? before.since() : step;
            return new Alarm(kind, value, before.limit(), since);
        });
    }
}
