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
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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
    private final ExamWitness witness;
    private ExamTotals totals = ExamTotals.NONE;
    private boolean totalsDirty;

    /**
     * @param prefix first byte of the totals' key
     * @param popularityPrefix first byte of the baseline's keys
     */
    public Examiner(ExamSettings settings, char prefix, char popularityPrefix) {
        this(settings, prefix, popularityPrefix, ExamWitness.NONE);
    }

    /** @param witness told of each ranked event */
    public Examiner(ExamSettings settings, char prefix, char popularityPrefix, ExamWitness witness) {
        this.settings = settings;
        this.witness = witness;
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

    private void rank(List<TrainingExample> batch, TwoTower model, Catalogue catalogue) {
        // an item that is not in the catalogue cannot be found
        List<TrainingExample> examined = batch.stream()
                .filter(example -> catalogue.contains(example.item()))
                .toList();
        if (examined.isEmpty()) {
            return;
        }
        int items = catalogue.size();
        List<String> ids = new ArrayList<>(items);
        double[] counts = new double[items];
        double now = hours(batch.get(0).time());
        for (int number = 0; number < items; number++) {
            String id = catalogue.itemAt(number);
            ids.add(id);
            counts[number] = popularity.count(id, now);
        }
        double[] sortedCounts = counts.clone();
        Arrays.sort(sortedCounts);
        float[] itemVectors = new float[items * model.dim()];
        model.itemVectors(ids, itemVectors);
        ItemScores scores = new ItemScores(itemVectors, items, model.dim());

        List<UserFeatures> users = examined.stream().map(TrainingExample::user).toList();
        List<Features> contexts =
                examined.stream().map(TrainingExample::context).toList();
        float[] userVectors = new float[examined.size() * model.dim()];
        model.userVectors(users, contexts, userVectors);

        int[] targets = new int[examined.size()];
        float[] marks = new float[targets.length];
        for (int at = 0; at < targets.length; at++) {
            targets[at] = catalogue.number(examined.get(at).item()).orElseThrow();
            marks[at] = scores.score(userVectors, at * model.dim(), targets[at]);
        }
        int[] above = new int[targets.length];
        int[] below = new int[targets.length];
        scores.count(userVectors, marks, above, below);

        RankingTotals byModel = totals.model();
        RankingTotals byPopularity = totals.popularity();
        for (int at = 0; at < targets.length; at++) {
            int target = targets[at];
            Rank modelRank = new Rank(above[at], items - above[at] - below[at]);
            Rank popularityRank = Rank.among(sortedCounts, counts[target]);
            for (int had : leftOut(examined.get(at), target, catalogue)) {
                modelRank = modelRank.without(scores.score(userVectors, at * model.dim(), had), marks[at]);
                popularityRank = popularityRank.without(counts[had], counts[target]);
            }
            byModel = byModel.plus(modelRank.place());
            byPopularity = byPopularity.plus(popularityRank.place());
            witness.ranked(examined.get(at), modelRank.place(), popularityRank.place());
        }
        totals = new ExamTotals(byModel, byPopularity, totals.withoutHistory());
    }

    /** Numbers of the items that the target does not compete with, each once: what the user has had, and itself. */
    private static Set<Integer> leftOut(TrainingExample example, int target, Catalogue catalogue) {
        Set<Integer> numbers = new HashSet<>();
        numbers.add(target);
        for (String item : example.user().history()) {
            catalogue.number(item).ifPresent(numbers::add);
        }
        return numbers;
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
