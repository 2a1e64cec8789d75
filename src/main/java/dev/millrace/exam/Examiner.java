package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.DecayedCounts;
import dev.millrace.batch.FastPopularity;
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
 * Progressive validation: ranks each example's item against the whole catalogue without the items of the user's
 * history. It ranks by the model before that learns from the batch, and by a decayed popularity as baseline.
 *
 * <p>Item vectors are computed anew for each exam, so the exam is of the model itself, not of the published vectors.
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

    /** @param witness receives each ranked event */
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
    public void examine(MiniBatch batch, TwoTower model, Catalogue catalogue, FastPopularity fast) {
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
        totals = new ExamTotals(totals.model(), totals.popularity(), withoutHistory, totals.others());
        totalsDirty = true;
        if (!examined.isEmpty()) {
            rank(examined, model, catalogue, fast);
        }
    }

    /** Lets the baseline learn from a batch. */
    public void observe(MiniBatch batch) {
        for (TrainingExample example : batch.counted()) {
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
        RankingTotals model = readRanking(payload);
        RankingTotals baseline = readRanking(payload);
        long withoutHistory = payload.getLong();
        List<RankingTotals> others = new ArrayList<>();
        while (payload.hasRemaining()) {
            others.add(readRanking(payload));
        }
        totals = new ExamTotals(model, baseline, withoutHistory, others);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        if (totalsDirty) {
            int rankings = 2 + totals.others().size();
            ByteBuffer framed = Frame.allocate((rankings * (2 + RankingTotals.CUTOFFS.size()) + 1) * Long.BYTES);
            write(framed, totals.model());
            write(framed, totals.popularity());
            framed.putLong(totals.withoutHistory());
            totals.others().forEach(other -> write(framed, other));
            sink.put(new byte[] {prefix, TOTALS}, Frame.seal(framed));
            totalsDirty = false;
        }
        popularity.drainDirty(sink);
    }

    private void rank(List<TrainingExample> batch, TwoTower model, Catalogue catalogue, FastPopularity fast) {
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
        double[] numbers = new double[items];
        long time = batch.get(0).time();
        double now = hours(time);
        for (int number = 0; number < items; number++) {
            String id = catalogue.itemAt(number);
            ids.add(id);
            counts[number] = popularity.count(id, now);
            numbers[number] = fast.number(id, time);
        }
        double[] sortedCounts = counts.clone();
        Arrays.sort(sortedCounts);
        float[] itemVectors = new float[items * model.dim()];
        model.itemVectors(ids, itemVectors);
        ItemScores scores = new ItemScores(itemVectors, items, model.dim());
        int[] targets = examined.stream()
                .mapToInt(example -> catalogue.number(example.item()).orElseThrow())
                .toArray();
        List<int[]> leftOut = new ArrayList<>(targets.length);
        for (int at = 0; at < targets.length; at++) {
            leftOut.add(leftOut(examined.get(at), targets[at], catalogue));
        }

        List<QueryWeights> weights = weights();
        List<RankingTotals> byModel = new ArrayList<>(modelTotals(weights.size()));
        List<List<Double>> places = new ArrayList<>();
        examined.forEach(example -> places.add(new ArrayList<>()));
        for (int from = 0; from < weights.size(); ) {
            int to = sameChannels(weights, from);
            List<ItemScores.Ranking> rankings = weights.subList(from, to).stream()
                    .map(each -> new ItemScores.Ranking(
                            terms(numbers, each.popularity() * model.temperature()), targets.length))
                    .toList();
            float[] users = vectors(examined, weights.get(from), model);
            place(users, scores, rankings, targets, leftOut, items, places);
            from = to;
        }
        RankingTotals byPopularity = totals.popularity();
        for (int at = 0; at < targets.length; at++) {
            Rank popularityRank = Rank.among(sortedCounts, counts[targets[at]]);
            for (int had : leftOut.get(at)) {
                popularityRank = popularityRank.without(counts[had], counts[targets[at]]);
            }
            byPopularity = byPopularity.plus(popularityRank.place());
            for (int r = 0; r < weights.size(); r++) {
                byModel.set(r, byModel.get(r).plus(places.get(at).get(r)));
            }
            witness.ranked(examined.get(at), places.get(at), popularityRank.place());
        }
        totals = new ExamTotals(
                byModel.get(0), byPopularity, totals.withoutHistory(), byModel.subList(1, byModel.size()));
    }

    /** Appends to each example the places of its item by rankings that share the users' vectors. */
    private static void place(
            float[] users,
            ItemScores scores,
            List<ItemScores.Ranking> rankings,
            int[] targets,
            List<int[]> leftOut,
            int items,
            List<List<Double>> places) {
        int dim = users.length / targets.length;
        for (int at = 0; at < targets.length; at++) {
            float product = scores.score(users, at * dim, targets[at]);
            for (ItemScores.Ranking ranking : rankings) {
                ranking.marks()[at] = product + ranking.terms()[targets[at]];
            }
        }
        scores.count(users, rankings);
        for (int at = 0; at < targets.length; at++) {
            int[] had = leftOut.get(at);
            float[] products = new float[had.length];
            for (int which = 0; which < had.length; which++) {
                products[which] = scores.score(users, at * dim, had[which]);
            }
            for (ItemScores.Ranking ranking : rankings) {
                Rank rank = new Rank(ranking.above()[at], items - ranking.above()[at] - ranking.below()[at]);
                for (int which = 0; which < had.length; which++) {
                    rank = rank.without(products[which] + ranking.terms()[had[which]], ranking.marks()[at]);
                }
                places.get(at).add(rank.place());
            }
        }
    }

    /** Returns the end, exclusive, of the run of weights from {@code from} on that weigh the channels alike. */
    private static int sameChannels(List<QueryWeights> weights, int from) {
        int to = from + 1;
        while (to < weights.size()
                && weights.get(to).channels().equals(weights.get(from).channels())) {
            to++;
        }
        return to;
    }

    private static float[] vectors(List<TrainingExample> examined, QueryWeights weights, TwoTower model) {
        List<UserFeatures> users = examined.stream().map(TrainingExample::user).toList();
        List<Features> contexts =
                examined.stream().map(TrainingExample::context).toList();
        float[] vectors = new float[examined.size() * model.dim()];
        model.userVectors(users, contexts, weights.channels(), vectors);
        return vectors;
    }

    /** Returns all weights of the exam, those of the settings first. */
    private List<QueryWeights> weights() {
        List<QueryWeights> weights = new ArrayList<>(settings.otherWeights());
        weights.add(0, QueryWeights.ofPopularity(settings.popularityWeight()));
        return weights;
    }

    /** Returns the totals of that many rankings by the model. A new ranking begins with empty totals. */
    private List<RankingTotals> modelTotals(int rankings) {
        List<RankingTotals> all = new ArrayList<>(totals.others());
        all.add(0, totals.model());
        while (all.size() < rankings) {
            all.add(RankingTotals.NONE);
        }
        return all.subList(0, rankings);
    }

    /**
     * Returns the terms to add to the cosines. cos + β τ log p ranks as cos / τ + β log p does, and leaves the cosine
     * unchanged if β is 0.
     */
    private static float[] terms(double[] numbers, double factor) {
        float[] terms = new float[numbers.length];
        for (int item = 0; item < terms.length; item++) {
            terms[item] = (float) (factor * numbers[item]);
        }
        return terms;
    }

    /**
     * Returns the numbers of the items that the target does not compete with, each once: the user's history, and the
     * target itself.
     */
    private static int[] leftOut(TrainingExample example, int target, Catalogue catalogue) {
        Set<Integer> numbers = new HashSet<>();
        numbers.add(target);
        for (String item : example.user().history()) {
            catalogue.number(item).ifPresent(numbers::add);
        }
        return numbers.stream().mapToInt(Integer::intValue).toArray();
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
