package dev.millrace.train;

import dev.millrace.alarm.Alarm;
import dev.millrace.exam.ExamTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * How far training has come; all counts since the beginning.
 *
 * @param generation lineage of weights
 * @param step of the last batch
 * @param positives examples learnt
 * @param refusedSteps batches left because they would have harmed the model
 * @param loss mean loss of the last learnt batch
 * @param gradientNorm of the last learnt batch, before clipping
 * @param items in the catalogue
 * @param eventTime latest learnt, epoch milliseconds; 0 before any
 * @param digest of what was learnt up to {@code step}; empty before the first commit
 * @param digests of earlier steps, oldest first: a few, at some distance
 * @param rows of the embedding tables, and what became of others
 * @param unannounced items in the catalogue that only examples named
 * @param exam the exam so far
 * @param books what became of what came in, by topic
 * @param fieldWeights mean weight of each field in the last learnt batch, of towers that weigh their fields: {@code user.} or
 *     {@code item.} and the feature's name
 * @param figures of the last learnt batch and the last publication, by the label of the {@link Figure}
 * @param withheld why no vector is published at present; absent while they are
 * @param alarms what was measured of the model itself, given or not
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

    /** A figure; NaN before it was measured. */
    public double figure(Figure figure) {
        return figures.getOrDefault(figure.label(), Double.NaN);
    }

    /** A figure of one action; NaN before it was measured. */
    public double figure(Figure figure, String action) {
        return figures.getOrDefault(figure.label(action), Double.NaN);
    }
}
