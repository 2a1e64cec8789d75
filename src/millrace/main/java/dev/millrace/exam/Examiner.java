package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Products;
import dev.millrace.popularity.DecayedCounts;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.StoredFields;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Progressive validation: ranks each example's item against the whole catalogue, by the model before it learns from the batch, and by a
 * decayed popularity as baseline. Items of the user's history are left out, unless answers have them.
 *
 * <p>Item vectors are computed anew for each exam, one tile of the catalogue after the other. So the exam is of the model itself, not of
 * the published vectors. With more than {@value #ITEMS_A_STEP} items an exam stays open for several steps, so that none of them is long,
 * unless every batch is to be examined.
 */
public final class Examiner implements Durable {

    private static final double MILLIS_AN_HOUR = 3_600_000;
    /** They cost some 15 ms, or a quarter of a second if each row is read from the disk. */
    static final int ITEMS_A_STEP = 1 << 14;

    private static final byte TOTALS = 0;
    private static final byte CREDIT = 1;
    private static final byte TOWERS = 2;

    private final ExamSettings settings;
    private final Catalogue catalogue;
    private final int itemsAStep;
    private final byte prefix;
    private final DecayedCounts popularity;
    private final ExamWitness witness;
    private final ExamBudget budget;
    private final Products products = Engine.ofRows();
    /** Whether the settings rank by more than the towers. */
    private final boolean areTowersApart;

    private ExamTotals totals = ExamTotals.NONE;
    private Optional<RankingTotals> towers = Optional.empty(); // absent in state that had no mixture
    private final StoredFields storedTotals = new StoredFields(form -> totals = totals.allFields(form));
    private final StoredFields storedTowers =
            new StoredFields(form -> towers = Optional.of(ofTowers().fields(form)));
    private final StoredFields storedCredit;

    private final Examination.Keys keys;
    private Optional<Examination> open = Optional.empty();
    private Optional<ExamVectors> vectors = Optional.empty();
    private final List<Examination> ended = new ArrayList<>(); // what is stored of them is to be deleted
    private Optional<byte[]> storedProgress = Optional.empty(); // of an exam that is not opened yet
    private final SortedMap<Integer, byte[]> storedExaminees = new TreeMap<>();

    /**
     * @param prefix first byte of the keys of totals and credit
     * @param popularityPrefix first byte of the baseline's keys
     * @param witness receives each ranked event
     * @param catalogue the items
     */
    public Examiner(
            ExamSettings settings, char prefix, char popularityPrefix, ExamWitness witness, Catalogue catalogue) {
        this(settings, ITEMS_A_STEP, prefix, popularityPrefix, witness, catalogue);
    }

    /** @param itemsAStep of a catalogue of which not every batch is examined */
    Examiner(
            ExamSettings settings,
            int itemsAStep,
            char prefix,
            char popularityPrefix,
            ExamWitness witness,
            Catalogue catalogue) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.itemsAStep = itemsAStep;
        this.witness = witness;
        this.budget = new ExamBudget(settings.budget(), settings.everyBatchUpTo());
        this.storedCredit = new StoredFields(budget::fields);
        this.prefix = (byte) prefix;
        this.keys = new Examination.Keys(this.prefix);
        this.areTowersApart = !settings.weights().equals(GivenWeights.OF_THE_TOWERS);
        this.popularity = new DecayedCounts(
                popularityPrefix, settings.popularityHalfLife().toMillis() / MILLIS_AN_HOUR, catalogue);
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
     * Goes on with the exam that is open. If none is, and the budget allows one, begins to examine the model on the examples of a batch
     * that count. Call it before model and baseline learn from the batch. Of a batch whose exam begins, examples of users without a history
     * are only counted.
     */
    public void examine(MiniBatch batch, TwoTower model, ItemFacts facts) {
        List<TrainingExample> counted = batch.counted();
        List<TrainingExample> withHistory = counted.stream()
                .filter(example -> !example.user().history().isEmpty())
                .toList();
        List<TrainingExample> examined = facts.answerable(batch);
        openStored(model, facts);
        double credit = budget.credit();
        boolean isAfforded = budget.affords(batch, open.isPresent() ? 0 : examined.size(), catalogue.size(), model);
        storedCredit.changeIf(budget.credit() != credit);
        if (open.isPresent()) {
            goOn(open.get(), batch.examples().get(0).time(), model, facts);
            return;
        }
        if (!isAfforded) {
            return;
        }
        totals = totals.plusWithoutHistory(counted.size() - withHistory.size());
        storedTotals.change();
        if (examined.isEmpty()) {
            return;
        }
        long time = withHistory.get(0).time();
        Examination begun = examination(examined, time, model, facts);
        open = Optional.of(begun);
        goOn(begun, time, model, facts);
    }

    /** Comes to the next items: to all, or to some of a large catalogue. */
    private void goOn(Examination exam, long time, TwoTower model, ItemFacts facts) {
        int left = Math.max(0, catalogue.size() - exam.next());
        int items = budget.isOfEveryBatch(catalogue.size()) ? left : Math.min(left, itemsAStep);
        exam.follow(catalogue);
        scan(exam, Math.max(1, items), model, facts).pass(items, Math.max(time, exam.time));
        if (items < left) {
            exam.keepIds(catalogue);
            return;
        }
        add(exam);
        if (exam.isStored()) {
            ended.add(exam);
        }
        open = Optional.empty();
    }

    private CatalogueScan scan(Examination exam, int most, TwoTower model, ItemFacts facts) {
        return new CatalogueScan(vectors(model, facts.catalogue()), facts, popularity, products, exam, most);
    }

    private ExamVectors vectors(TwoTower model, Catalogue catalogue) {
        ExamVectors known = vectors.filter(of -> of.areOf(model)).orElseGet(() -> new ExamVectors(model, catalogue));
        vectors = Optional.of(known);
        return known;
    }

    /** Opens an exam that was stored, unless it is one of other settings. */
    private void openStored(TwoTower model, ItemFacts facts) {
        if (storedProgress.isPresent()) {
            Examination stored = Examination.read(storedProgress.get(), storedExaminees, facts);
            storedProgress = Optional.empty();
            storedExaminees.clear();
            if (stored.fits(weights().size(), model.dim())) {
                open = Optional.of(stored);
            } else {
                ended.add(stored);
            }
        }
    }

    /**
     * Ranks events that need not be the next to be learnt. Totals and credit stay as they are, and the witness of the exam is not
     * told.
     *
     * @param events at least one; with a history, and an item of the catalogue. Popularity is as of the first one's time
     * @param to receives the places
     */
    public void rank(List<TrainingExample> events, TwoTower model, ItemFacts facts, ExamWitness to) {
        Examination exam = examination(events, events.get(0).time(), model, facts);
        int items = facts.catalogue().size();
        scan(exam, items, model, facts).pass(items, exam.time);
        for (int at = 0; at < events.size(); at++) {
            to.ranked(events.get(at), places(exam, at), exam.byPopularity.of(at));
        }
    }

    /** Lets the baseline learn from a batch. */
    public void observe(MiniBatch batch) {
        for (TrainingExample example : batch.counted()) {
            catalogue.number(example.item()).ifPresent(item -> popularity.add(item, hours(example.time()), 1));
        }
    }

    /** Forgets a user's events in the exam that is open. */
    public void removeUser(String user, TwoTower model, ItemFacts facts) {
        openStored(model, facts);
        open.ifPresent(exam -> exam.forget(user));
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[0] != prefix) {
            popularity.restore(key, value);
            return;
        }
        switch (key[1]) {
            case Examination.Keys.EXAMINEE ->
                storedExaminees.put(ByteBuffer.wrap(key).getInt(2), value);
            case Examination.Keys.PROGRESS -> storedProgress = Optional.of(value);
            case CREDIT -> storedCredit.restore(value);
            case TOWERS -> storedTowers.restore(value);
            default -> storedTotals.restore(value);
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        storedTotals.drain(new byte[] {prefix, TOTALS}, sink);
        storedTowers.drain(new byte[] {prefix, TOWERS}, sink);
        storedCredit.drain(new byte[] {prefix, CREDIT}, sink);
        int kept = open.map(Examination::size).orElse(0);
        ended.forEach(exam -> exam.delete(sink, keys, kept));
        ended.clear();
        open.ifPresent(exam -> exam.drain(sink, keys));
        popularity.drainDirty(sink);
    }

    /** Returns the places of one event's item by the weights of the settings, then by the further weights. */
    private List<Double> places(Examination exam, int event) {
        List<Double> places = new ArrayList<>();
        List<Examination.Order> orders = orders(exam);
        for (int order = 0; order < orders.size(); order++) {
            if (order != 1 || !areTowersApart) {
                places.add(orders.get(order).places.of(event));
            }
        }
        return places;
    }

    private static List<Examination.Order> orders(Examination exam) {
        return exam.queries.stream().flatMap(query -> query.orders.stream()).toList();
    }

    /** Begins an exam, and scores its own items. */
    private Examination examination(List<TrainingExample> examined, long time, TwoTower model, ItemFacts facts) {
        List<NearNumbers> near = examined.stream()
                .map(example -> NearNumbers.of(example, facts.neighbours(), time))
                .toList();
        List<Examinee> examinees = examined.stream()
                .map(example -> Examinee.of(example, youth(example, facts)))
                .toList();
        List<Examination.Query> queries = new ArrayList<>();
        List<QueryWeights> weights = weights();
        for (int at = 0; at < weights.size(); at++) {
            QueryWeights each = weights.get(at);
            if (at == 0 || !each.channels().equals(weights.get(at - 1).channels())) { // others share the vectors
                float[] users = new float[examined.size() * model.dim()];
                model.userVectors(
                        examined.stream().map(TrainingExample::user).toList(),
                        examined.stream().map(TrainingExample::context).toList(),
                        each.channels(),
                        users);
                queries.add(new Examination.Query(users, new ArrayList<>()));
            }
            // cos + τ (β log p + …) ranks as cos / τ + β log p + … does, and leaves the cosine unchanged without
            // weights
            PriorWeights beside = each.given().or(model.mixture().relative()).times(model.temperature());
            queries.get(queries.size() - 1).orders.add(new Examination.Order(beside, examined.size()));
        }
        Examination exam = new Examination(time, examinees, near, queries, facts);
        vectors(model, catalogue).begin();
        scan(exam, examined.size(), model, facts).mark();
        return exam;
    }

    private Set<Youth> youth(TrainingExample example, ItemFacts facts) {
        int number = catalogue.number(example.item()).orElseThrow();
        return Youth.of(
                example.time() - catalogue.timeAt(number), facts.popularity().clicks(number));
    }

    private void add(Examination exam) {
        RankingTotals alone = ofTowers();
        Places byTowers = orders(exam).get(areTowersApart ? 1 : 0).places;
        for (int at : exam.counted()) {
            List<Double> places = places(exam, at);
            double byPopularity = exam.byPopularity.of(at);
            Examinee examinee = exam.examinee(at);
            totals = totals.plus(places, byPopularity, examinee.youth());
            alone = alone.plus(byTowers.of(at));
            examinee.event().ifPresent(event -> witness.ranked(event, places, byPopularity));
        }
        towers = Optional.of(alone);
        storedTotals.change();
        storedTowers.changeIf(areTowersApart);
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

    private static double hours(long epochMillis) {
        return epochMillis / MILLIS_AN_HOUR;
    }
}
