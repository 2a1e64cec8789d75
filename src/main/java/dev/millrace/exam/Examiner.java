package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.DecayedCounts;
import dev.millrace.batch.GivenWeights;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.Mixture;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Products;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * Progressive validation: ranks each example's item against the whole catalogue, by default without the items of the user's
 * history. It ranks by the model before that learns from the batch, and by a decayed popularity as baseline.
 *
 * <p>Item vectors are computed anew for each exam, one tile of the catalogue after the other. So the exam is of the model itself, not of
 * the published vectors.
 */
public final class Examiner implements Durable {

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final byte TOTALS = 0;
    private static final byte CREDIT = 1;
    private static final byte TOWERS = 2;

    private final ExamSettings settings;
    private final byte prefix;
    private final DecayedCounts popularity;
    private final ExamWitness witness;
    private final ExamBudget budget;
    private final Products products = Engine.ofRows();
    /** Whether the settings rank by more than the towers. */
    private final boolean areTowersApart;

    private ExamTotals totals = ExamTotals.NONE;
    private Optional<RankingTotals> towers = Optional.empty(); // absent in state that had no mixture
    private boolean totalsDirty;
    private boolean creditDirty;

    /**
     * @param prefix first byte of the keys of totals and credit
     * @param popularityPrefix first byte of the baseline's keys
     */
    public Examiner(ExamSettings settings, char prefix, char popularityPrefix) {
        this(settings, prefix, popularityPrefix, ExamWitness.NONE, id -> id);
    }

    /**
     * @param witness receives each ranked event
     * @param ids returns the copy of an item's id to keep
     */
    public Examiner(
            ExamSettings settings, char prefix, char popularityPrefix, ExamWitness witness, UnaryOperator<String> ids) {
        this.settings = settings;
        this.witness = witness;
        this.budget = new ExamBudget(settings.budget(), settings.everyBatchUpTo());
        this.prefix = (byte) prefix;
        this.areTowersApart = !settings.weights().equals(GivenWeights.OF_THE_TOWERS);
        this.popularity = new DecayedCounts(
                popularityPrefix, settings.popularityHalfLife().toMillis() / MILLIS_AN_HOUR, ids);
    }

    public ExamTotals totals() {
        return totals;
    }

    /**
     * Returns the totals of the towers alone, without anything else in the score. What watches over the model judges by these: a
     * mixture of popularity and garbage finds as much as popularity does.
     */
    public ExamTotals totalsOfTowers() {
        return new ExamTotals(ofTowers(), totals.popularity(), totals.withoutHistory());
    }

    private RankingTotals ofTowers() {
        return areTowersApart ? towers.orElse(totals.model()) : totals.model();
    }

    /**
     * Examines the model on a batch that neither it nor the baseline has learnt from, if the budget allows. An example
     * without an earlier click of its user is counted only; an item that is not in the catalogue cannot be found.
     *
     * @return the gradient of the mixture; absent if no example was ranked
     */
    public Optional<Mixture.Gradient> examine(MiniBatch batch, TwoTower model, ItemFacts facts) {
        Catalogue catalogue = facts.catalogue();
        List<TrainingExample> withHistory = batch.examples().stream()
                .filter(example -> !example.user().history().isEmpty())
                .toList();
        List<TrainingExample> examined = withHistory.stream()
                .filter(example -> catalogue.contains(example.item()))
                .toList();
        double credit = budget.credit();
        boolean isExamined = budget.affords(batch, examined.size(), catalogue.size(), model);
        creditDirty |= budget.credit() != credit;
        if (isExamined) {
            int without = batch.examples().size() - withHistory.size();
            totals = new ExamTotals(
                    totals.model(), totals.popularity(), totals.withoutHistory() + without, totals.others());
            totalsDirty = true;
            if (!examined.isEmpty()) {
                MixtureLikelihood likelihood =
                        new MixtureLikelihood(model.mixture(), model.temperature(), examined.size());
                long time = withHistory.get(0).time();
                add(ranking(examined, time, model, facts, Optional.of(likelihood)));
                return Optional.of(likelihood.gradient());
            }
        }
        return Optional.empty();
    }

    /**
     * Ranks events that need not be the next to be learnt. Totals and credit stay as they are, and the witness of the exam is not
     * told.
     *
     * @param events at least one; with a history, and an item of the catalogue. Popularity is as of the first one's time
     * @param to receives the places
     */
    public void rank(List<TrainingExample> events, TwoTower model, ItemFacts facts, ExamWitness to) {
        Ranking ranking = ranking(events, events.get(0).time(), model, facts, Optional.empty());
        for (int at = 0; at < events.size(); at++) {
            to.ranked(
                    events.get(at), places(ranking, at), ranking.byPopularity().of(at));
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
        if (key[1] == CREDIT) {
            budget.restore(payload.getDouble());
            return;
        }
        if (key[1] == TOWERS) {
            towers = Optional.of(readRanking(payload));
            return;
        }
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
            if (areTowersApart) {
                ByteBuffer apart = Frame.allocate((2 + RankingTotals.CUTOFFS.size()) * Long.BYTES);
                write(apart, ofTowers());
                sink.put(new byte[] {prefix, TOWERS}, Frame.seal(apart));
            }
            totalsDirty = false;
        }
        if (creditDirty) {
            sink.put(
                    new byte[] {prefix, CREDIT},
                    Frame.seal(Frame.allocate(Double.BYTES).putDouble(budget.credit())));
            creditDirty = false;
        }
        popularity.drainDirty(sink);
    }

    /** Events, and the places of their items: by the model in each order, and by popularity. */
    private record Ranking(List<TrainingExample> events, List<CatalogueScan.Order> orders, Places byPopularity) {}

    /** Returns the places of one event's item by the weights of the settings, then by the further weights. */
    private List<Double> places(Ranking ranking, int event) {
        List<Double> places = new ArrayList<>();
        for (int order = 0; order < ranking.orders().size(); order++) {
            if (order != 1 || !areTowersApart) {
                places.add(ranking.orders().get(order).places().of(event));
            }
        }
        return places;
    }

    /** @param likelihood filled, by the vectors of the settings' weights, if it is wanted */
    private Ranking ranking(
            List<TrainingExample> examined,
            long time,
            TwoTower model,
            ItemFacts facts,
            Optional<MixtureLikelihood> likelihood) {
        Catalogue catalogue = facts.catalogue();
        int[] targets = examined.stream()
                .mapToInt(example -> catalogue.number(example.item()).orElseThrow())
                .toArray();
        int[][] leftOut = new int[targets.length][];
        NearNumbers[] near = new NearNumbers[targets.length];
        NearNumbers.Maker maker = new NearNumbers.Maker(catalogue, facts.neighbours());
        for (int at = 0; at < targets.length; at++) {
            leftOut[at] = leftOut(examined.get(at), targets[at], catalogue);
            near[at] = maker.of(examined.get(at), time);
        }
        List<CatalogueScan.Query> queries = new ArrayList<>();
        List<CatalogueScan.Order> orders = new ArrayList<>();
        List<QueryWeights> weights = weights();
        for (int from = 0; from < weights.size(); ) {
            int to = sameChannels(weights, from);
            List<CatalogueScan.Order> sharing = weights.subList(from, to).stream()
                    // cos + τ (β log p + …) ranks as cos / τ + β log p + … does, and leaves the cosine unchanged
                    // without weights
                    .map(each -> new CatalogueScan.Order(
                            each.given().or(model.mixture().relative()).times(model.temperature()), targets.length))
                    .toList();
            float[] users = vectors(examined, weights.get(from), model);
            queries.add(
                    new CatalogueScan.Query(users, model.dim(), sharing, from == 0 ? likelihood : Optional.empty()));
            orders.addAll(sharing);
            from = to;
        }
        CatalogueScan scan = new CatalogueScan(model, catalogue, products, targets, leftOut, near);
        Places byPopularity = scan.run(queries, popularity, facts.popularity(), time);
        return new Ranking(examined, orders, byPopularity);
    }

    private void add(Ranking ranking) {
        List<RankingTotals> byModel =
                new ArrayList<>(modelTotals(1 + settings.otherWeights().size()));
        RankingTotals popular = totals.popularity();
        RankingTotals alone = ofTowers();
        for (int at = 0; at < ranking.events().size(); at++) {
            List<Double> places = places(ranking, at);
            for (int order = 0; order < places.size(); order++) {
                byModel.set(order, byModel.get(order).plus(places.get(order)));
            }
            popular = popular.plus(ranking.byPopularity().of(at));
            alone = alone.plus(
                    ranking.orders().get(areTowersApart ? 1 : 0).places().of(at));
            witness.ranked(
                    ranking.events().get(at), places, ranking.byPopularity().of(at));
        }
        totals = new ExamTotals(byModel.get(0), popular, totals.withoutHistory(), byModel.subList(1, byModel.size()));
        towers = Optional.of(alone);
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

    /** Returns all weights of the exam: those of the settings, those of the towers alone if these are others, then the further ones. */
    private List<QueryWeights> weights() {
        List<QueryWeights> weights = new ArrayList<>(List.of(QueryWeights.of(settings.weights())));
        if (areTowersApart) {
            weights.add(QueryWeights.of(GivenWeights.OF_THE_TOWERS));
        }
        weights.addAll(settings.otherWeights());
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
     * Returns the numbers of the items that the target does not compete with, each once and ascending: the target itself,
     * and the user's history if that is left out.
     */
    private int[] leftOut(TrainingExample example, int target, Catalogue catalogue) {
        List<String> history = settings.isHistoryLeftOut() ? example.user().history() : List.of();
        int[] numbers = new int[history.size() + 1];
        int count = 0;
        numbers[count++] = target;
        for (String item : history) {
            OptionalInt number = catalogue.number(item);
            if (number.isPresent()) {
                numbers[count++] = number.getAsInt();
            }
        }
        Arrays.sort(numbers, 0, count);
        int distinct = 1;
        for (int at = 1; at < count; at++) {
            if (numbers[at] != numbers[distinct - 1]) {
                numbers[distinct++] = numbers[at];
            }
        }
        return Arrays.copyOf(numbers, distinct);
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
