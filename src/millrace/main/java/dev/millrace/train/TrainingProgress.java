package dev.millrace.train;

import dev.millrace.alarm.Alarm;
import dev.millrace.exam.ExamTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The progress of the training. All counts are since the beginning.
 *
 * @param generation lineage of weights
 * @param step of the last batch
 * @param positives number of positives learnt
 * @param refusedSteps number of batches not learnt because they would have harmed the model
 * @param loss mean loss of the last learnt batch
 * @param gradientNorm gradient norm of the last learnt batch, before clipping
 * @param items number of items in the catalogue
 * @param eventTime latest event time of the batches, epoch milliseconds; 0 before any
 * @param digest digest of the state as of {@code step}; empty before the first commit
 * @param digests digests of some earlier steps, oldest first
 * @param rows row counts of the embedding tables
 * @param unannounced number of items in the catalogue that only examples named
 * @param exam the exam so far
 * @param books outcomes of the received events, by topic
 * @param fieldWeights mean weight of each field in the last learnt batch, for towers that weigh their fields:
 *     {@code user.} or {@code item.} and the feature's name; and the share of each learned place of a history
 * @param figures figures of the last learnt batch and the last publication, by the label of the {@link Figure}
 * @param withheld why no vector is published at present; absent if vectors are published
 * @param alarms measurements of the model, active alarms and others
 */
public record TrainingProgress(
        String generation,
        long step,
        long positives,
        long refusedSteps,
        double loss,
        double gradientNorm,
        int items,
        long eventTime,
        String digest,
        List<StepDigest> digests,
        RowCounts rows,
        int unannounced,
        ExamTotals exam,
        SortedMap<String, Books.Account> books,
        SortedMap<String, Double> fieldWeights,
        SortedMap<String, Double> figures,
        Optional<String> withheld,
        List<Alarm> alarms) {

    public TrainingProgress {
        alarms = List.copyOf(alarms);
    }

    /** Returns a figure; NaN before it was measured. */
    public double figure(Figure figure) {
        return figures.getOrDefault(figure.label(), Double.NaN);
    }

    /** Returns a figure of one action; NaN before it was measured. */
    public double figure(Figure figure, String action) {
        return figures.getOrDefault(figure.label(action), Double.NaN);
    }
}
