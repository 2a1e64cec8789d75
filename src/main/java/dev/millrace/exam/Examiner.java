package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.DecayedCounts;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.TwoTower;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Progressive validation: ranks each example's item against the whole catalogue, minus what the user has had, by the model as
 * it stands before it learns from the batch, beside a decayed popularity.
 *
 * <p>Item vectors are made anew for each exam, so what is examined is the model itself and not what was last published.
 */
public final class Examiner implements Durable {

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final byte TOTALS = 0;

    private final ExamSettings settings;
    private final byte prefix;
    private final DecayedCounts popularity;
    private ExamTotals totals = ExamTotals.NONE;
    private boolean totalsDirty;

    /**
     * @param prefix first byte of the totals' key
     * @param popularityPrefix first byte of the baseline's keys
     */
    public Examiner(ExamSettings settings, char prefix, char popularityPrefix) {
        this.settings = settings;
        this.prefix = (byte) prefix;
        this.popularity = new DecayedCounts(
                popularityPrefix, settings.popularityHalfLife().toMillis() / MILLIS_AN_HOUR);
    }

    public ExamTotals totals() {
        return totals;
    }

    /** Examines the model on a batch that neither it nor the baseline has learnt from. */
    public void examine(MiniBatch batch, TwoTower model, Catalogue catalogue) {
        if (batch.step() % settings.everySteps() != 0) {
            return;
        }
        List<TrainingExample> examined = new ArrayList<>();
        long withoutHistory = totals.withoutHistory();
        for (TrainingExample example : batch.examples()) {
            if (example.user().history().isEmpty()) {
                withoutHistory++;
            } else if (examined.size() < settings.maxExamples()) {
                examined.add(example);
            }
        }
        totals = new ExamTotals(totals.model(), totals.popularity(), withoutHistory);
        totalsDirty = true;
        if (!examined.isEmpty()) {
            rank(examined, model, catalogue);
        }
    }

    /** Lets the baseline learn from a batch. */
    public void observe(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            popularity.add(example.item(), hours(example.time()), 1);
        }
    }

    public void remove(String item) {
        popularity.remove(item);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[0] != prefix) {
            popularity.restore(key, value);
            return;
        }
        ByteBuffer payload = Frame.open(value);
        totals = new ExamTotals(readRanking(payload), readRanking(payload), payload.getLong());
    }

    @Override
    public void drainDirty(EntrySink sink) {
        if (totalsDirty) {
            ByteBuffer framed = Frame.allocate((2 * (2 + RankingTotals.CUTOFFS.size()) + 1) * Long.BYTES);
            write(framed, totals.model());
            write(framed, totals.popularity());
            sink.put(new byte[] {prefix, TOTALS}, Frame.seal(framed.putLong(totals.withoutHistory())));
            totalsDirty = false;
        }
        popularity.drainDirty(sink);
    }

    private void rank(List<TrainingExample> examined, TwoTower model, Catalogue catalogue) {
        int items = catalogue.size();
        List<String> ids = new ArrayList<>(items);
        Map<String, Integer> columns = new HashMap<>(2 * items);
        double[] counts = new double[items];
        double now = hours(examined.get(0).time());
        for (int column = 0; column < items; column++) {
            String id = catalogue.itemAt(column);
            ids.add(id);
            columns.put(id, column);
            counts[column] = popularity.count(id, now);
        }
        float[] itemVectors = new float[items * model.dim()];
        model.itemVectors(ids, itemVectors);
        ItemScores scores = new ItemScores(itemVectors, items, model.dim());

        List<UserFeatures> users = examined.stream().map(TrainingExample::user).toList();
        List<Features> contexts =
                examined.stream().map(TrainingExample::context).toList();
        float[] userVectors = new float[examined.size() * model.dim()];
        model.userVectors(users, contexts, userVectors);

        RankingTotals byModel = totals.model();
        RankingTotals byPopularity = totals.popularity();
        boolean[] hadByUser = new boolean[items];
        float[] row = new float[items];
        for (int at = 0; at < examined.size(); at++) {
            TrainingExample example = examined.get(at);
            Integer target = columns.get(example.item());
            if (target == null) {
                continue; // not in the catalogue: nothing to find
            }
            markHad(hadByUser, example, columns, target, true);
            scores.of(userVectors, at * model.dim(), row);
            byModel = byModel.plus(rank(row, hadByUser, target));
            byPopularity = byPopularity.plus(rank(counts, hadByUser, target));
            markHad(hadByUser, example, columns, target, false);
        }
        totals = new ExamTotals(byModel, byPopularity, totals.withoutHistory());
    }

    private static void markHad(
            boolean[] had, TrainingExample example, Map<String, Integer> columns, int target, boolean value) {
        for (String item : example.user().history()) {
            Integer column = columns.get(item);
            if (column != null && column != target) {
                had[column] = value;
            }
        }
    }

    private static double rank(float[] scores, boolean[] left, int target) {
        int better = 0;
        int ties = 0;
        for (int column = 0; column < scores.length; column++) {
            if (!left[column] && column != target) {
                better += scores[column] > scores[target] ? 1 : 0;
                ties += scores[column] == scores[target] ? 1 : 0;
            }
        }
        return 1 + better + ties / 2.0;
    }

    private static double rank(double[] scores, boolean[] left, int target) {
        int better = 0;
        int ties = 0;
        for (int column = 0; column < scores.length; column++) {
            if (!left[column] && column != target) {
                better += scores[column] > scores[target] ? 1 : 0;
                ties += scores[column] == scores[target] ? 1 : 0;
            }
        }
        return 1 + better + ties / 2.0;
    }

    private static double hours(long epochMillis) {
        return epochMillis / MILLIS_AN_HOUR;
    }

    private static void write(ByteBuffer framed, RankingTotals totals) {
        framed.putLong(totals.scored());
        for (long hits : totals.hits()) {
            framed.putLong(hits);
        }
        framed.putDouble(totals.gain10());
    }

    private static RankingTotals readRanking(ByteBuffer payload) {
        long scored = payload.getLong();
        long[] hits = new long[RankingTotals.CUTOFFS.size()];
        for (int at = 0; at < hits.length; at++) {
            hits[at] = payload.getLong();
        }
        return new RankingTotals(scored, hits, payload.getDouble());
    }
}
