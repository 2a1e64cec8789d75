package dev.millrace.publish;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ItemFacts;
import dev.millrace.generation.PublicationStage;
import dev.millrace.model.TwoTower;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Publishes the vectors that the {@link PublicationPlan} asks for, unless they must be withheld.
 *
 * <p>An item's popularity is published with its vector, so after each of its clicks. Without clicks it only decays, by a formula that
 * subscribers know, so nothing is published for it. The same holds for its age. If popularity is a component of the vector, subscribers
 * cannot compute that. Then an item is published again whenever its number falls below the next multiple of {@link #POPULARITY_MIN_MOVE}.
 *
 * <p>All vectors are withheld while the learner refuses its steps, while its recall is much lower than before, or while a vector or the
 * query side is invalid. Tombstones are published all the same. When no reason is left, the whole catalogue and the query side are
 * published anew, in parts, because a transaction has a timeout.
 */
public final class Publisher implements Durable {

    private static final byte GATE = 'g';
    /** Items of one part of a renewal: as many as are encoded once, see {@link VectorTiles}. */
    private static final int RENEWED_AT_ONCE = VectorTiles.KEPT * VectorTiles.ROWS;

    /** Refused steps in a row after which vectors are withheld until a step is learnt; one or two may be bad batches. */
    private static final int WITHHOLD_AFTER_REFUSED = 3;

    /** No published popularity is further than this from the exact one, a natural logarithm: about a tenth. */
    private static final double POPULARITY_MIN_MOVE = 0.1;

    private final PublishSettings settings;
    private final byte[] key;
    private final byte[] gateKey;
    private final QualityGate gate;
    private final PublicationPlan plan;
    private final List<float[]> rooms = new ArrayList<>(); // of the tiles
    private long popularityTime; // up to which the popularity in vectors is right, within the move
    private int refusedInARow;
    private Optional<String> withheld = Optional.empty();
    private PublicationStage stage = PublicationStage.UNKNOWN;
    private boolean isRenewing; // from the first part until the last was taken
    private Optional<Iterator<Map.Entry<String, Long>>> renewal = Optional.empty(); // what is left of it; not stored
    private final StoredFields stored = new StoredFields(this::fields);

    /**
     * @param prefix first byte of this state's keys
     * @param catalogue the items
     */
    public Publisher(PublishSettings settings, char prefix, Catalogue catalogue) {
        this.settings = settings;
        this.key = new byte[] {(byte) prefix};
        this.gateKey = new byte[] {(byte) prefix, GATE};
        this.gate = new QualityGate(settings.gate());
        this.plan = new PublicationPlan(settings, prefix, catalogue);
    }

    /** Takes a step of the log and its catalogue changes. */
    public void stepped(MiniBatch batch) {
        plan.stepped(batch);
    }

    /** Takes a batch whose step was refused. Its clicks still count for popularity. */
    public void refused(MiniBatch batch) {
        refusedInARow++;
        stored.change();
        plan.refused(batch);
    }

    /** Takes a batch that is not learnt because it is older than {@code learn.from}. */
    public void passedOver(MiniBatch batch) {
        plan.passedOver(batch);
    }

    /** Takes a batch that the model has learnt, and reads how far it moved items' rows. */
    public void learnt(MiniBatch batch, TwoTower model) {
        stored.changeIf(refusedInARow > 0);
        refusedInARow = 0;
        plan.learnt(batch);
        if (settings.mostMoved() > 0) {
            plan.moved(model.moved());
        }
    }

    /** Takes the exam's totals and the number of items in the catalogue. */
    public void examined(long step, ExamTotals totals, int items) {
        gate.examined(step, totals, items);
    }

    /** Returns why the last {@link #take} gave only tombstones; absent if it gave everything. */
    public Optional<String> withheld() {
        return withheld;
    }

    /** Makes the next calls of {@link #take} give the whole catalogue, and the query side with it. */
    public void publishAnew() {
        withheld = Optional.of("nothing was published yet");
        stage = PublicationStage.UNKNOWN;
        stored.change();
    }

    /**
     * Hands on the embeddings to publish now; each item at most once, tombstones first. No vector is handed on before all
     * are checked.
     *
     * <p>The query-side entries that the model drains next, and the lists of neighbours, follow the same rule. While vectors are {@link
     * #withheld}, only deletions may be sent. When that ends, all items are published anew and all of these entries are drained, one part
     * at a time.
     *
     * @param hold reason to withhold vectors, if there is one
     * @return true if the caller is to take more after the next drain, even if no event comes
     */
    public boolean take(TwoTower model, ItemFacts facts, Optional<String> hold, Consumer<ItemEmbedding> to) {
        Catalogue catalogue = facts.catalogue();
        FastPopularity popularity = facts.popularity();
        for (String item : plan.takeRemoved()) {
            to.accept(new ItemEmbedding(item, Optional.empty(), model.generation(), plan.step(), plan.eventTime(), 0));
        }
        boolean isFirst = withheld.isPresent() || (isRenewing && renewal.isEmpty());
        Optional<String> reason = hold.or(this::refusals).or(gate::closed).or(() -> model.unusableQuerySide(isFirst));
        if (reason.isEmpty()) {
            touchCooled(popularity);
            if (isFirst) {
                renewal = Optional.of(renewalOf(catalogue));
            }
            renewal.ifPresent(left -> touchNext(left, model.readsItemsOfHistories() ? catalogue::repeat : item -> {}));
            Map<String, Long> due = plan.due();
            int[] items = due.keySet().stream()
                    .map(catalogue::number)
                    .flatMapToInt(OptionalInt::stream)
                    .toArray();
            VectorTiles tiles = new VectorTiles(model, items, rooms);
            OptionalInt unsound = tiles.firstUnsound();
            if (unsound.isPresent()) {
                reason = Optional.of("the vector of item " + catalogue.itemAt(unsound.getAsInt())
                        + " is not finite or not of unit length");
            }
            if (reason.isEmpty()) {
                if (isFirst) {
                    model.touchQuerySide();
                    facts.neighbours().touch();
                }
                List<Long> halfLives = Stream.concat(
                                popularity.settings().halfLives().stream().map(Duration::toMillis),
                                Stream.of(PublishedPopularity.ENDLESS))
                        .toList();
                tiles.forEach((vector, number) -> {
                    String item = catalogue.itemAt(number);
                    to.accept(new ItemEmbedding(
                            item,
                            Optional.of(vector),
                            model.generation(),
                            plan.step(),
                            plan.eventTime(),
                            due.getOrDefault(item, 0L),
                            published(number, popularity, halfLives),
                            catalogue.timeAt(number),
                            attributes(catalogue.features(number))));
                });
                plan.published(items);
                renewing(renewal.filter(Iterator::hasNext).isPresent()
                        || !model.isQuerySideNearlyOut()
                        || !facts.neighbours().areNearlyOut());
            }
        }
        if (reason.isPresent()) {
            plan.withheld();
            renewing(false);
        }
        if (!withheld.equals(reason)) {
            withheld = reason;
            stored.change();
        }
        return isRenewing;
    }

    /** Returns all items of the catalogue. The marked ones come first, with their wall clocks. */
    private Iterator<Map.Entry<String, Long>> renewalOf(Catalogue catalogue) {
        Map<String, Long> items = plan.takeTouched();
        for (int number = 0; number < catalogue.size(); number++) {
            items.putIfAbsent(catalogue.itemAt(number), 0L);
        }
        return items.entrySet().iterator();
    }

    /**
     * Marks the next part of a renewal, so that a commit does not grow with the catalogue. Some items of the part may have left the
     * catalogue.
     *
     * @param also takes each of its items, too
     */
    private void touchNext(Iterator<Map.Entry<String, Long>> left, Consumer<String> also) {
        for (int count = 0; count < RENEWED_AT_ONCE && left.hasNext(); count++) {
            Map.Entry<String, Long> item = left.next();
            plan.touch(item.getKey(), item.getValue());
            also.accept(item.getKey());
            left.remove(); // so that what is published is not kept
        }
    }

    private void renewing(boolean isMoreLeft) {
        stored.changeIf(isRenewing != isMoreLeft);
        isRenewing = isMoreLeft;
        renewal = isMoreLeft ? renewal : Optional.empty();
    }

    /**
     * Marks the generation as known to others from now on. Returns true the first time: the next {@link #take} then
     * gives everything, because nothing taken before was published.
     */
    public boolean start() {
        boolean isFirst = stage == PublicationStage.UNKNOWN;
        if (isFirst) {
            publishAnew();
            stage = PublicationStage.STARTED;
        }
        return isFirst;
    }

    /**
     * Marks the generation as unknown to others: what is taken is not published, and a later publication begins anew.
     */
    public void stayUnknown() {
        stored.changeIf(stage != PublicationStage.UNKNOWN);
        stage = PublicationStage.UNKNOWN;
    }

    /** Marks the generation complete if every item was published. Returns true the first time. */
    public boolean complete() {
        boolean isFirst = stage != PublicationStage.COMPLETE && withheld.isEmpty() && !isRenewing && plan.step() > 0;
        if (isFirst) {
            stage = PublicationStage.COMPLETE;
            stored.change();
        }
        return isFirst;
    }

    /** Returns true if the generation was marked complete at any time. */
    public boolean isComplete() {
        return stage == PublicationStage.COMPLETE;
    }

    /** Returns the age of the published vectors. */
    public PublicationPlan.Age age() {
        return plan.age();
    }

    /** Returns the number of vectors published so far, repeats included. */
    public long vectors() {
        return plan.vectors();
    }

    private Optional<String> refusals() {
        return refusedInARow >= WITHHOLD_AFTER_REFUSED
                ? Optional.of(refusedInARow + " steps in a row were refused")
                : Optional.empty();
    }

    private PublishedPopularity published(int item, FastPopularity popularity, List<Long> halfLives) {
        double[] numbers = new double[halfLives.size() - 1];
        popularity.numbers(item, plan.eventTime(), numbers);
        List<Float> asSent = DoubleStream.concat(
                        Arrays.stream(numbers), DoubleStream.of(StrictMath.log1p(popularity.clicks(item))))
                .mapToObj(number -> (float) number)
                .toList();
        return new PublishedPopularity(asSent, halfLives, settings.isPopularityDimension());
    }

    private void touchCooled(FastPopularity popularity) {
        if (settings.isPopularityDimension() && plan.eventTime() > popularityTime) {
            popularity
                    .cooled(popularityTime, plan.eventTime(), POPULARITY_MIN_MOVE)
                    .forEach(plan::touch);
            popularityTime = plan.eventTime();
            stored.change();
        }
    }

    private Features attributes(Features all) {
        Map<String, FeatureValue> wanted = new HashMap<>();
        for (String name : settings.attributes()) {
            all.value(name).ifPresent(value -> wanted.put(name, value));
        }
        return Features.of(wanted);
    }

    /** Returns true if an entry of this state is the gate's. */
    public static boolean isOfTheGate(byte[] entryKey) {
        return entryKey.length == 2 && entryKey[1] == GATE;
    }

    @Override
    public void restore(byte[] entryKey, byte[] value) {
        if (PublicationPlan.isOwn(entryKey)) {
            plan.restore(entryKey, value);
            return;
        }
        (isOfTheGate(entryKey) ? gate.stored() : stored).restore(value);
    }

    private void fields(Form form) {
        refusedInARow = form.integer(refusedInARow);
        withheld = Optional.of(form.text(withheld.orElse(""))).filter(reason -> !reason.isEmpty());
        popularityTime = form.longInteger(popularityTime);
        stage = PublicationStage.of(form.integer(stage.code()));
        isRenewing = form.goesOn(isRenewing);
        if (isRenewing) {
            form.integer(1);
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        // withheld items are not stored one by one: all items are published when withholding ends
        int waiting = plan.waiting(withheld.isPresent());
        if (waiting > 0) {
            throw new IllegalStateException(waiting + " items were touched and not published before the commit");
        }
        stored.drain(key, sink);
        plan.drainDirty(sink);
        gate.stored().drain(gateKey, sink);
    }
}
